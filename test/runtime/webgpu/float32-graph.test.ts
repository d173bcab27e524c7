import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { runOnce } from '../../../src/runtime/convolution.ts';
import { GraphBuilder } from '../../../src/runtime/onnx/graph-builder.ts';
import type { GraphParts } from '../../../src/runtime/onnx/graph-parts.ts';
import { decodeModel, encodeModel } from '../../../src/runtime/onnx/messages.ts';
import { createSession } from '../../../src/runtime/session.ts';
import { float32Graph, withoutHalves } from '../../../src/runtime/webgpu/float32-graph.ts';

/** 1, 2, −0.5 and 0.25 in half precision. */
const HALVES = new Uint8Array(Uint16Array.of(0x3c00, 0x4000, 0xb800, 0x3400).buffer);

/** y = rows of `table`, in half precision, gathered by `at`, twice. */
function gatherGraph(): GraphParts {
  const graph = new GraphBuilder('gather');
  const rows = graph.op('Gather', ['table', graph.input('at', ['count'], 'int64')], { axis: 0 });
  const again = graph.op('Cast', [graph.op('Cast', [rows], { to: 1 })], { to: 10 });
  graph.output('y', graph.op('Cast', [graph.op('Add', [rows, again])], { to: 1 }), ['count', 2]);
  const parts = graph.parts();
  return { ...parts, initializers: [{ name: 'table', type: 'float16', dims: [2, 2], data: HALVES }] };
}

async function numbersOf(graph: string | Uint8Array, folder?: string) {
  const session = await createSession(graph, { threads: 1, ...(folder === undefined ? {} : { folder }) });
  try {
    return await runOnce(session);
  } finally {
    await session.release();
  }
}

test('half precision is replaced, with the same numbers', async () => {
  const model = encodeModel(gatherGraph());
  const changed = withoutHalves(model);
  assert.ok(changed);
  const { y } = await numbersOf(changed);
  assert.deepEqual([...(y?.data ?? [])], [-1, 0.5]);
  assert.deepEqual(y, (await numbersOf(model)).y);
  const operators = decodeModel(changed).nodes.map(({ operator, inputs }) => [operator, inputs[0]]);
  assert.deepEqual(operators.slice(0, 2), [
    ['Cast', 'table'],
    ['Gather', 'table_float32'],
  ]);
});

test('nothing is left to replace in the result, and a graph without half precision is given back', async () => {
  assert.equal(withoutHalves(withoutHalves(encodeModel(gatherGraph())) as Uint8Array), null);
  const path = 'models/tiny/level-01.onnx';
  assert.equal(withoutHalves(await readFile(path)), null);
  assert.deepEqual(await float32Graph({ graph: path }), { graph: path });
});

for (const [folder, file] of [
  ['models/digits-32', 'decode.onnx'],
  ['models/avatars-64', 'level-20.onnx'],
] as const)
  test(`${file} of ${folder} has the same numbers on the CPU, and its weights stay in their file`, async () => {
    const path = join(folder, file);
    const source = await float32Graph({ graph: path });
    assert.ok(source.graph instanceof Uint8Array);
    assert.ok(source.graph.length < 1.1 * (await readFile(path)).length + 2000);
    assert.deepEqual(await numbersOf(source.graph, source.folder), await numbersOf(path));
  });
