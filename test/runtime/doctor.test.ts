import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { KandidError } from '../../src/errors.ts';
import { tensor } from '../../src/kit/tensor.ts';
import { compareWithCpu, type Open, opener } from '../../src/runtime/comparison.ts';
import { type Check, checkDevice, checkMemory, checkModels, checkNode, examine } from '../../src/runtime/doctor.ts';
import type { Session } from '../../src/runtime/session.ts';
import { CPU, type SessionDevice } from '../../src/runtime/session-device.ts';
import { copyOfTiny } from './copies.ts';

const all = async (checks: AsyncIterable<Check>) => {
  const list: Check[] = [];
  for await (const check of checks) list.push(check);
  return list;
};

test('an intact installation passes every check', async (t) => {
  const folder = dirname(await copyOfTiny(t));
  const checks = await all(examine({ models: [folder], device: 'cpu' }));
  const names = ['Node.js', 'memory', 'sharp', 'ONNX Runtime', 'device cpu', 'model tiny', 'CLIPs'];
  assert.deepEqual(
    checks.map(({ name }) => name),
    names,
  );
  for (const { name, ok, detail } of checks) assert.ok(ok || name === 'memory', `${name}: ${detail}`);
  assert.match(checks.at(-2)?.detail ?? '', /^pyramid, 0\.1 MB, hash [0-9a-f]{8}/);
});

test('an old Node.js and little memory', () => {
  assert.match(checkNode('20.9.0').detail, /past its end of life/);
  assert.equal(checkNode('20.9.0').ok, true);
  assert.doesNotMatch(checkNode('22.0.0').detail, /end of life/);
  assert.equal(checkNode('22.0.0').ok, true);
  assert.match(checkNode('20.8.1').remedy ?? '', /20\.9 or later/);
  assert.equal(checkMemory(2 ** 31).ok, true);
  assert.match(checkMemory(2 ** 28).detail, /0\.3 GiB free/);
});

const unasked = async () => assert.fail('nothing is compared without a GPU');

test('a missing device: a hint with auto, an error if requested', async () => {
  const fallen = async () => ({ kind: 'cpu', cuda: null, name: 'cpu', fallback: 'no driver' }) as const;
  const { check: hint } = await checkDevice('auto', { resolve: fallen, compare: unasked });
  assert.deepEqual([hint.ok, hint.detail], [true, 'cpu, because no driver']);
  assert.match(hint.remedy ?? '', /setup:cuda/);
  const missing = async () => {
    throw new KandidError('cuda_unavailable', { device: 'cuda', reason: 'no driver' });
  };
  const { check: error, device } = await checkDevice('cuda', { resolve: missing, compare: unasked });
  assert.deepEqual([error.ok, error.detail, device], [false, 'Device cuda is not available: no driver.', null]);
  assert.match(error.remedy ?? '', /^Run "npm run setup:cuda"/);
});

const CUDA = { kind: 'cuda', cuda: 1 } as const;

const onCuda = async () => ({ ...CUDA, name: 'cuda:1', fallback: null });

/** Sessions on the CPU in place of a GPU's, whose results are changed. */
const compareWith = (change: (value: number) => number) => (open: Open, device: SessionDevice) =>
  compareWithCpu(async (options) => {
    const session = await open({ ...options, device: CPU });
    if (options.device?.kind === 'cpu') return session;
    assert.equal(options.device, device);
    const run: Session['run'] = async (...given) => {
      const results = Object.entries(await session.run(...given));
      return Object.fromEntries(results.map(([name, { data, dims }]) => [name, tensor(data.map(change), dims)]));
    };
    return {
      file: session.file,
      inputs: session.inputs,
      outputs: session.outputs,
      run,
      release: () => session.release(),
    };
  }, device);

test('a device is compared with the CPU by a convolution', async () => {
  const right = await checkDevice('cuda:1', { resolve: onCuda, compare: compareWith((value) => value * 1.001) });
  assert.deepEqual(right.device?.cuda, 1);
  assert.match(right.check.detail, /^cuda:1, 3×3 convolutions 0\.10? % from the CPU's$/);
  const wrong = await checkDevice('cuda:1', { resolve: onCuda, compare: compareWith((value) => value * 1.1) });
  assert.equal(wrong.check.ok, false);
  assert.match(
    wrong.check.detail,
    /^cuda:1 computes other numbers than the CPU in convolutions: 10 % of the largest apart/,
  );
  assert.match(wrong.check.remedy ?? '', /^Use device cpu, or update the driver/);
  const none = await checkDevice('cuda:1', { resolve: onCuda, compare: compareWith(() => Number.NaN) });
  assert.match(none.check.detail, /infinitely much/);
});

test('graphs of every model are compared with the CPU', async (t) => {
  const folder = await copyOfTiny(t);
  const [right] = await all(
    checkModels(
      [dirname(folder)],
      CUDA,
      compareWith((value) => value),
    ),
  );
  assert.match(right?.detail ?? '', /; level-03\.onnx, decode\.onnx on cuda:1 0\.0 % from the CPU's$/);
  const [wrong] = await all(
    checkModels(
      [dirname(folder)],
      CUDA,
      compareWith((value) => value + 1),
    ),
  );
  assert.deepEqual([wrong?.ok, wrong?.name], [false, 'model tiny']);
  assert.match(wrong?.detail ?? '', /computes other numbers/);
});

for (const [model, graph] of [
  ['avatars-attributes', 'model.onnx'],
  ['avatars-clip', 'onnx/vision_model.onnx'],
  ['imagenet-lite', 'model.onnx'],
])
  test(`${graph} of ${model} can be compared`, async () => {
    const open = opener(`models/${model}/${graph}`);
    assert.equal(await compareWith((value) => value)(open, CUDA), 0);
  });

test('a damaged bundle and no bundle', async (t) => {
  const folder = await copyOfTiny(t);
  await rm(join(folder, 'decode.onnx'));
  const [damaged] = await all(checkModels([dirname(folder)]));
  assert.equal(damaged?.ok, false);
  assert.match(damaged?.detail ?? '', /decode\.onnx is missing, expected 9236 bytes\./);
  assert.match(damaged?.remedy ?? '', /^Copy or download/);
  const [none] = await all(checkModels(['no/such/folder']));
  assert.match(none?.detail ?? '', /No bundle was found/);
});
