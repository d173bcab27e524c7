/** WebGPU itself, on a driver that needs no GPU. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noSwiftShader, runOnSwiftShader } from './swiftshader.ts';

const options = { skip: noSwiftShader, timeout: 120_000 };

test(
  'WebGPU has the numbers and the codes of the CPU, with runs at once; a model that differs is refused',
  options,
  () => {
    const { status, signal, stdout, stderr } = runOnSwiftShader(['test/runtime/webgpu/on-device.ts']);
    assert.deepEqual([status, signal], [0, null], stderr);
    const { convolutions, level, onCpu, onWebgpu, atOnce, refused } = JSON.parse(stdout);
    assert.ok(convolutions < 1e-5 && level < 1e-5, `${convolutions} ${level}`);
    assert.equal(onCpu.length, 9);
    assert.deepEqual(onWebgpu, onCpu);
    assert.equal(atOnce, 4);
    assert.deepEqual(refused, ['device_differs', 'device_differs']);
  },
);

test('without a driver, the error says what to install', options, () => {
  const words = ['src/main.ts', 'generate', '--model', 'tiny', '--device', 'webgpu', '--out', '-'];
  const { status, stderr } = runOnSwiftShader(words, '/no/driver.json');
  assert.equal(status, 1);
  assert.match(stderr, /webgpu is not available: Failed to get a WebGPU adapter: .*\. On Linux.*install libvulkan1/);
});
