import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ErrorCode, KandidError } from '../../src/errors.ts';
import { integers, tensor } from '../../src/kit/tensor.ts';
import { createSession, type Session } from '../../src/runtime/session.ts';
import { Sessions } from '../../src/runtime/sessions.ts';
import { TINY } from './copies.ts';

const LEVEL = join(TINY, 'level-01.onnx');
const feeds = (batch = 2) => ({
  features: tensor(new Float32Array(batch * 8 * 16), [batch, 8, 4, 4]),
  predict: tensor(new Float32Array(batch * 3 * 16), [batch, 3, 4, 4]),
  choice: integers(new Array(batch).fill(1)),
});

async function refusal(run: Promise<unknown>, code: ErrorCode): Promise<string> {
  const caught = await run.catch((error: unknown) => error);
  assert.ok(caught instanceof KandidError, `got ${caught}`);
  assert.equal(caught.code, code, caught.message);
  return caught.message;
}

test('a graph has inputs and outputs and runs with any batch size', async () => {
  const session = await createSession(LEVEL, { threads: 1 });
  assert.deepEqual(session.inputs[0], { name: 'features', type: 'float32', dims: ['batch', 8, 4, 4] });
  assert.deepEqual(session.inputs.map(({ name }) => name).sort(), ['choice', 'features', 'predict']);
  for (const batch of [1, 3]) {
    const { candidates } = await session.run(feeds(batch), ['candidates']);
    assert.deepEqual(candidates?.dims, [batch, 4, 3, 4, 4]);
  }
  const all = await session.run(feeds());
  assert.deepEqual(Object.keys(all).sort(), ['candidates', 'next_features']);
  await session.release();
});

test('wrong inputs are reported before the run', async () => {
  const session = await createSession(LEVEL);
  const { features, predict, choice } = feeds();
  const refused = (wrong: object) => refusal(session.run(wrong as never), 'graph_inputs');
  assert.match(
    await refused({ features, predict }),
    /level-01\.onnx: input "choice" is missing, expected int64 \[batch\]/,
  );
  assert.match(await refused({ features, predict, choice, extra: choice }), /"extra" is not an input of this graph/);
  assert.match(
    await refused({ features, predict: features, choice }),
    /is float32 \[2, 8, 4, 4\], expected float32 \[batch, 3/,
  );
  assert.match(
    await refused({ features, predict, choice: tensor(new Float32Array(2), [2]) }),
    /is float32 \[2\], expected int64/,
  );
  await session.release();
});

test('a failed run reports names, types and dims, but no data', async () => {
  const session = await createSession(LEVEL);
  const wrong = { ...feeds(2), choice: integers([99, 99]) };
  const message = await refusal(session.run(wrong), 'graph_failed');
  assert.match(message, /features float32 \[2, 8, 4, 4\], predict float32 \[2, 3, 4, 4\], choice int64 \[2\]/);
  await session.release();
});

test('a run after release fails, and releasing again has no effect', async () => {
  const session = await createSession(LEVEL);
  await session.release();
  await session.release();
  await refusal(session.run(feeds()), 'closed');
});

test('a file that is not a graph', async () => {
  await refusal(createSession(join(TINY, 'model.json')), 'graph_unreadable');
  await refusal(createSession('no-such.onnx'), 'graph_unreadable');
  assert.match(await refusal(createSession(new Uint8Array(9), {}, 'x.onnx'), 'graph_unreadable'), /^x\.onnx could not/);
});

test('a file opened twice concurrently is loaded once, and freed by its last user', async () => {
  let created = 0;
  let released = 0;
  const fake = (file: string): Session => ({
    file,
    inputs: [],
    outputs: [],
    run: async () => ({}),
    release: async () => void released++,
  });
  const sessions = new Sessions(async (path) => {
    created++;
    return fake(path);
  });
  const [first, second] = await Promise.all([sessions.open('a.onnx'), sessions.open('./a.onnx')]);
  const other = await sessions.open('a.onnx', { threads: 1 });
  assert.equal(created, 2);
  await first.release();
  await first.release();
  assert.equal(released, 0);
  await refusal(first.run({}), 'closed');
  assert.deepEqual(await second.run({}), {});
  await second.release();
  await other.release();
  assert.equal(released, 2);
  assert.equal(sessions.size, 0);
});

test('a file that failed to open is retried', async () => {
  let tries = 0;
  const sessions = new Sessions(async () => {
    tries++;
    throw new Error('no');
  });
  await assert.rejects(sessions.open('a.onnx'), /no/);
  await assert.rejects(sessions.open('a.onnx'), /no/);
  assert.equal(tries, 2);
});

test('an output is written into the given memory, the others into new memory', async () => {
  const session = await createSession(LEVEL, { threads: 1 });
  const features = session.inputs.find(({ name }) => name === 'features')?.dims as [string, number, number, number];
  const predict = session.inputs.find(({ name }) => name === 'predict')?.dims as [string, number, number, number];
  const zeros = (dims: readonly (string | number)[]) => {
    const sizes = [2, ...dims.slice(1).map(Number)];
    return tensor(new Float32Array(sizes.reduce((a, b) => a * b)), sizes);
  };
  const feeds = { features: zeros(features), predict: zeros(predict), choice: integers([0, 1]) };
  const plain = await session.run(feeds);
  const dims = plain.candidates?.dims as number[];
  const memory = new Float32Array(2 * (plain.candidates?.data.length ?? 0)).fill(7);
  const into = { data: memory.subarray(0, memory.length / 2), dims };
  const { candidates, next_features } = await session.run(feeds, undefined, { candidates: into });
  assert.equal(candidates, into);
  assert.deepEqual(into.data, plain.candidates?.data);
  assert.deepEqual(next_features?.data, plain.next_features?.data);
  assert.ok(memory.subarray(memory.length / 2).every((value) => value === 7));
  await session.release();
});

test('runs into given memory leave no garbage', async () => {
  const session = await createSession(LEVEL, { threads: 1 });
  const rows = 4096;
  const into = { candidates: tensor(new Float32Array(rows * 4 * 3 * 16), [rows, 4, 3, 4, 4]) };
  const bytes = into.candidates.data.byteLength;
  const many = feeds(rows);
  const before = process.memoryUsage().arrayBuffers;
  for (let run = 0; run < 8; run++) await session.run(many, ['candidates'], into);
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 2 * bytes, `${grown} bytes after eight runs of ${bytes}`);
  assert.equal(into.candidates.data.byteLength, bytes);
  await session.release();
});

test('a provider that ONNX Runtime does not have is an error, not the CPU', async () => {
  const kind = process.platform === 'darwin' ? 'dml' : 'coreml';
  const opening = createSession('models/tiny/level-00.onnx', { device: { kind, cuda: null } });
  await assert.rejects(opening, { code: 'graph_unreadable', message: /ONNX Runtime has no (coreml|dml) for/ });
});
