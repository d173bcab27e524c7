import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LOCK } from '../../../src/hub/cuda/lock.ts';
import { installedRuntime, PROVIDER_FILES } from '../../../src/runtime/cuda/provider.ts';

test('the lock is of the onnxruntime-node that is installed: update both together', () => {
  const [provider] = LOCK.wheels;
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  assert.deepEqual([provider?.name, provider?.version], ['onnxruntime-gpu', installedRuntime().version]);
  assert.equal(provider?.version, dependencies['onnxruntime-node']);
  assert.deepEqual([...(provider?.libraries ?? [])], [...PROVIDER_FILES]);
});

test('every wheel is named by its version, and has a hash; what is loaded first is among the libraries', () => {
  for (const { name, version, file, sha256, bytes } of LOCK.wheels) {
    assert.ok(file.startsWith(`${name.replaceAll('-', '_')}-${version}-`) && file.endsWith('x86_64.whl'), file);
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.ok(Number.isInteger(bytes) && bytes > 1e6, file);
  }
  const all = LOCK.wheels.flatMap(({ libraries }) => libraries);
  assert.equal(new Set(all).size, all.length);
  for (const name of LOCK.preload) assert.ok(all.includes(name), name);
});
