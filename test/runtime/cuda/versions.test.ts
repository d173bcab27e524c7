import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeVersions, versionsOf } from '../../../src/runtime/cuda/versions.ts';

const DRIVER = `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (builder@host)
GCC version:  gcc version 13.3.0`;
const MAPS = `7f00-7f01 r-xp 00000000 08:01 11   /usr/lib/x86_64-linux-gnu/libcuda.so.590.10
7f02-7f03 r-xp 00000000 08:01 12   /usr/local/cuda-13.0/lib64/libcudart.so.13.0.96
7f04-7f05 r-xp 00000000 08:01 13   /usr/lib/x86_64-linux-gnu/libcudnn.so.9.20.0
`;

test('versions of a set', () => {
  const packages = { 'onnxruntime-gpu': '1.30.0', 'nvidia-cuda-runtime': '13.0.96', 'nvidia-cudnn-cu13': '9.20.0.48' };
  const versions = versionsOf({ set: { packages }, driver: DRIVER, maps: '', provider: '1.30.0' });
  assert.deepEqual(versions, { driver: '580.65.06', cuda: '13.0.96', cudnn: '9.20.0.48', provider: '1.30.0' });
  const { ok, detail, remedy } = describeVersions(versions, '/cache/set');
  assert.equal(detail, 'driver 580.65.06, CUDA 13.0.96, cuDNN 9.20.0.48, provider 1.30.0 (/cache/set)');
  assert.deepEqual([ok, remedy], [true, null]);
});

test("versions of the system's libraries are those of the loaded files", () => {
  const versions = versionsOf({ set: null, driver: '', maps: MAPS, provider: '1.30.0' });
  assert.deepEqual(versions, { driver: '590.10', cuda: '13.0.96', cudnn: '9.20.0', provider: '1.30.0' });
});

test('what is missing, and a driver that is too old, come with what to do', () => {
  const none = versionsOf({ set: null, driver: '', maps: '/usr/lib/libcuda.so.1\n', provider: null });
  const missing = describeVersions(none, null);
  assert.equal(missing.detail, 'driver not found, CUDA not found, cuDNN not found, provider not found');
  assert.match(missing.remedy ?? '', /setup:cuda/);
  const old = describeVersions({ driver: '550.54', cuda: '13.0.96', cudnn: '9.20', provider: '1.30.0' }, null);
  assert.equal(old.ok, false);
  assert.match(old.remedy ?? '', /driver 580 or later/);
});
