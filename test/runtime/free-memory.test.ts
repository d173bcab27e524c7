import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeMemory } from '../../src/runtime/free-memory.ts';

test('memory is freed immediately, even if it is still referenced', () => {
  const array = new Float32Array(1000).fill(1);
  const before = process.memoryUsage().arrayBuffers;
  const large = new Uint8Array(64 * 2 ** 20).fill(1);
  freeMemory(large.buffer);
  assert.equal(large.length, 0);
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 20);
  assert.equal(array[999], 1);
});
