import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CPU, deviceName, providersOf } from '../../src/runtime/session-device.ts';

test('names of devices', () => {
  assert.equal(deviceName(CPU), 'cpu');
  assert.equal(deviceName({ kind: 'cuda', cuda: 2 }), 'cuda:2');
  assert.equal(deviceName({ kind: 'webgpu', cuda: null }), 'webgpu');
});

test('every device is followed by the CPU; WebGPU is asked for the layout that computes rightly', () => {
  assert.deepEqual(providersOf(CPU), ['cpu']);
  assert.deepEqual(providersOf({ kind: 'cuda', cuda: 2 }), [{ name: 'cuda', deviceId: 2 }, 'cpu']);
  assert.deepEqual(providersOf({ kind: 'webgpu', cuda: null }), [{ name: 'webgpu', preferredLayout: 'NCHW' }, 'cpu']);
  assert.deepEqual(providersOf({ kind: 'dml', cuda: null }), [{ name: 'dml' }, 'cpu']);
});
