import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { KandidError } from '../../src/errors.ts';
import { type Check, checkDevice, checkMemory, checkModels, checkNode, examine } from '../../src/runtime/doctor.ts';
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
  assert.equal(checkNode('20.9.0').ok, true);
  assert.equal(checkNode('22.0.0').ok, true);
  assert.match(checkNode('20.8.1').remedy ?? '', /20\.9 or later/);
  assert.equal(checkMemory(2 ** 31).ok, true);
  assert.match(checkMemory(2 ** 28).detail, /0\.3 GiB free/);
});

test('a missing device: a hint with auto, an error if requested', async () => {
  const fallen = async () => ({ kind: 'cpu', cuda: null, name: 'cpu', fallback: 'no driver' }) as const;
  const hint = await checkDevice('auto', fallen);
  assert.deepEqual([hint.ok, hint.detail], [true, 'cpu, because no driver']);
  assert.match(hint.remedy ?? '', /setup:cuda/);
  const missing = async () => {
    throw new KandidError('cuda_unavailable', { device: 'cuda', reason: 'no driver' });
  };
  const error = await checkDevice('cuda', missing);
  assert.deepEqual([error.ok, error.detail], [false, 'Device cuda is not available: no driver.']);
  assert.match(error.remedy ?? '', /^Run "npm run setup:cuda"/);
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
