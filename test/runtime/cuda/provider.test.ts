import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installedRuntime, notFound, unfitPlatform } from '../../../src/runtime/cuda/provider.ts';

test('missing libraries are parsed from the output of ldd', () => {
  const printout = `
\tlinux-vdso.so.1 (0x00007ffd)
\tlibcublasLt.so.13 => not found
\tlibcudnn.so.9 => not found
\tlibonnxruntime_providers_shared.so => not found
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f)`;
  assert.deepEqual(notFound(printout), ['libcublasLt.so.13', 'libcudnn.so.9']);
});

test('CUDA is for Linux on x64 only', () => {
  assert.equal(unfitPlatform('linux', 'x64'), null);
  assert.equal(unfitPlatform('darwin', 'arm64'), 'darwin on arm64');
  assert.equal(unfitPlatform('linux', 'arm64'), 'linux on arm64');
});

test('the installed runtime, and where it looks for providers', () => {
  const { version, providers } = installedRuntime();
  assert.match(version, /^\d+\.\d+\.\d+$/);
  assert.match(providers, /onnxruntime-node.bin.napi-v6/);
});
