import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guideContext, NO_TURNS } from '../../../src/engine/guides/context.ts';
import { ResourceCache } from '../../../src/engine/guides/resources.ts';
import type { DeviceKind } from '../../../src/runtime/session-device.ts';

const info = { name: 'tiny', channels: 3, condition: null, levels: [] } as const;

function contextOn(kind: DeviceKind, cuda: number | null = null) {
  const device = { kind, cuda, name: kind, fallback: null };
  const limits = { threads: 1, limitPixels: undefined, allowedHosts: [], timeoutSeconds: 1 };
  const services = { models: ['models'], paths: true, device, shared: new ResourceCache(), ...limits };
  const request = { info, seed: 1, signal: new AbortController().signal, notes: [], hasPrior: false };
  return guideContext('test', services, { ...request, person: undefined, turns: NO_TURNS });
}

test("a guide's graph runs on the CPU where the device cannot be compared with it", async () => {
  // Not on this system.
  const context = contextOn(process.platform === 'darwin' ? 'dml' : 'coreml');
  const model = await context.open('models/avatars-attributes/model.onnx');
  assert.equal(model.inputs.length, 1);
});

test('libraries of guides are told of CUDA only', () => {
  assert.deepEqual(contextOn('cuda', 1).execution, { device: 'cuda', deviceId: 1, threads: 1 });
  assert.deepEqual(contextOn('webgpu').execution, { device: 'cpu', threads: 1 });
});
