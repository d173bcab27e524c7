import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { assembled } from '../../../src/runtime/onnx/assemble.ts';
import { GraphBuilder } from '../../../src/runtime/onnx/graph-builder.ts';
import { decodeModel, encodeModel } from '../../../src/runtime/onnx/messages.ts';
import { createSession } from '../../../src/runtime/session.ts';

/** y = 2 (a + b), z = a + b, as a decoded file. */
function stored() {
  const graph = new GraphBuilder('stored');
  const sum = graph.op('Add', [graph.input('a', [2]), graph.input('b', [2])]);
  graph.alias('sum', sum);
  const halves = graph.ops('Split', 2, ['sum'], { axis: 0, num_outputs: 2 });
  graph.alias('first', halves[0] as string);
  graph.alias('second', halves[1] as string);
  graph.output('y', graph.op('Mul', ['sum', graph.floats('two', [2], [])]), [2]);
  return { graph: decodeModel(encodeModel(graph.parts())), halves };
}

const vector = (...values: number[]) => ({ data: Float32Array.from(values), dims: [values.length] });

async function run(graph: Parameters<typeof encodeModel>[0], feeds: Record<string, ReturnType<typeof vector>>) {
  const session = await createSession(encodeModel(graph));
  try {
    const found = await session.run(feeds);
    return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, [...data]]));
  } finally {
    await session.release();
  }
}

test('a decoded graph has its nodes, tensors and ports by name, and its opset', async () => {
  const { graph } = stored();
  assert.equal(graph.opset, 21);
  assert.deepEqual(
    graph.inputs.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(
    graph.outputs.map(({ name }) => name),
    ['y'],
  );
  assert.deepEqual(
    graph.nodes.map(({ operator }) => operator),
    ['Add', 'Identity', 'Split', 'Identity', 'Identity', 'Mul', 'Identity'],
  );
  const read = decodeModel(await readFile('models/tiny/decode.onnx'));
  const nodes = read.initializers.find(({ name }) => name === 'levels.0.nodes.weight');
  assert.deepEqual(nodes?.dims, [4, 2, 3, 8]);
});

test('added nodes can use stored values; unused ones are omitted', async () => {
  const graph = new GraphBuilder('added', new Map(), 'added_');
  graph.output('negative', graph.op('Neg', ['sum']), [2]);
  const parts = assembled(stored().graph, graph.parts());
  assert.deepEqual(
    parts.nodes.map(({ operator }) => operator),
    ['Add', 'Identity', 'Neg', 'Identity'],
  );
  assert.deepEqual(await run(parts, { a: vector(1, 2), b: vector(3, 4) }), { negative: [-4, -6] });
});

test('a value can be replaced by another one, or by an input', async () => {
  const graph = new GraphBuilder('added', new Map(), 'added_');
  graph.alias('sum', graph.input('given', [2]));
  graph.output('twice', 'y', [2]);
  const parts = assembled(stored().graph, graph.parts());
  assert.deepEqual(
    parts.inputs.map(({ name }) => name),
    ['given'],
  );
  assert.deepEqual(await run(parts, { given: vector(5, 6) }), { twice: [10, 12] });
});

test('one output of a node can be replaced while another is used', async () => {
  const { graph, halves } = stored();
  const added = new GraphBuilder('added', new Map(), 'added_');
  added.alias(halves[0] as string, added.input('given', [1]));
  added.output('both', added.op('Concat', ['first', 'second'], { axis: 0 }), [2]);
  const parts = assembled(graph, added.parts());
  assert.deepEqual(await run(parts, { given: vector(9), a: vector(1, 2), b: vector(3, 4) }), { both: [9, 6] });
});

test('inputs listed as kept are kept although unused', () => {
  const graph = new GraphBuilder('added', new Map(), 'added_');
  graph.alias('sum', graph.input('given', [2]));
  graph.output('twice', 'y', [2]);
  assert.deepEqual(
    assembled(stored().graph, graph.parts(), ['b']).inputs.map(({ name }) => name),
    ['b', 'given'],
  );
});

test('missing and cyclic values are refused', () => {
  const nowhere = new GraphBuilder('added', new Map(), 'added_');
  nowhere.output('x', nowhere.op('Neg', ['nothing']), [2]);
  assert.throws(() => assembled(stored().graph, nowhere.parts()), /nothing gives "nothing"/);
  const circle = new GraphBuilder('added', new Map(), 'added_');
  circle.alias('sum', 'y');
  circle.output('x', 'y', [2]);
  assert.throws(() => assembled(stored().graph, circle.parts()), /depends on itself/);
});
