import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KandidError } from '../../src/errors.ts';
import { probeDevice, resolveDevice } from '../../src/runtime/device.ts';

const works = async () => {};
const broken = async () => {
  throw new Error('libcudnn.so.9 was not found');
};

test('cpu is returned unchanged', async () => {
  const unasked = async () => assert.fail('CUDA was tried');
  assert.deepEqual(await resolveDevice('cpu', unasked), { kind: 'cpu', cuda: null, name: 'cpu', fallback: null });
  await probeDevice({ threads: 1 });
});

test('auto and cuda select CUDA if it works', async () => {
  for (const request of ['auto', 'cuda', 'cuda:0'])
    assert.deepEqual(await resolveDevice(request, works), { kind: 'cuda', cuda: 0, name: 'cuda:0', fallback: null });
  assert.equal((await resolveDevice('cuda:3', works)).cuda, 3);
});

test('without CUDA, auto selects the CPU with a reason', async () => {
  const device = await resolveDevice('auto', broken);
  assert.deepEqual(device, { kind: 'cpu', cuda: null, name: 'cpu', fallback: 'libcudnn.so.9 was not found' });
});

test('without CUDA, cuda is an error with a remedy', async () => {
  const error = await resolveDevice('cuda:1', broken).catch((caught: unknown) => caught);
  assert.ok(error instanceof KandidError);
  assert.equal(error.code, 'cuda_unavailable');
  assert.match(error.message, /cuda:1 is not available: libcudnn\.so\.9 was not found\. Run "npm run setup:cuda"/);
});

test('webgpu, coreml and dml are never selected by auto', async () => {
  const tried: string[] = [];
  await resolveDevice('auto', async ({ kind }) => void tried.push(kind));
  assert.deepEqual(tried, ['cuda']);
  for (const kind of ['webgpu', 'coreml', 'dml'])
    assert.deepEqual(await resolveDevice(kind, works), { kind, cuda: null, name: kind, fallback: null });
});

test('without a driver for it, webgpu is an error with a remedy', async () => {
  const error = await resolveDevice('webgpu', broken).catch((caught: unknown) => caught);
  assert.ok(error instanceof KandidError);
  assert.deepEqual([error.code, error.status], ['webgpu_unavailable', 503]);
  assert.match(error.message, /install libvulkan1 and your GPU's driver; or choose device cpu/);
  await assert.rejects(resolveDevice('coreml', broken), { code: 'device_unavailable', message: /needs macOS/ });
});

test('a device that computes other numbers is not reported as missing', async () => {
  const wrong = async () => {
    throw new KandidError('device_differs', { device: 'webgpu', graph: 'x', got: '9 %', expected: '2 %' });
  };
  await assert.rejects(resolveDevice('webgpu', wrong), { code: 'device_differs' });
});

test('a broken ONNX Runtime is not reported as a missing GPU', async () => {
  const unloadable = async () => {
    throw new KandidError('library_unavailable', { library: 'onnxruntime-node', reason: 'x' });
  };
  await assert.rejects(resolveDevice('auto', unloadable), { code: 'library_unavailable' });
});

test('other devices are refused', async () => {
  for (const wrong of ['', 'gpu', 'webgpu:0', 'cuda:', 'cuda:-1', 'cuda:x', 'CPU'])
    await assert.rejects(resolveDevice(wrong, works), { code: 'option_invalid' });
});
