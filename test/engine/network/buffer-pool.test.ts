import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool } from '../../../src/engine/network/buffer-pool.ts';

test('released buffers are reused, also for smaller sizes', () => {
  const buffers = new BufferPool();
  const first = buffers.acquire(100);
  buffers.release(first);
  const second = buffers.acquire(60);
  assert.equal(second.buffer, first.buffer);
  assert.equal(second.length, 60);
});

test('buffers in use, or too small, are never returned', () => {
  const buffers = new BufferPool();
  const small = buffers.acquire(10);
  const large = buffers.acquire(100);
  buffers.release(small);
  assert.notEqual(buffers.acquire(50).buffer, large.buffer);
  assert.equal(buffers.acquire(50).length, 50);
  assert.equal(buffers.acquire(10).buffer, small.buffer);
});

test('the smallest sufficient block is used, and only the largest ones are kept', () => {
  const buffers = new BufferPool();
  const blocks = [10, 20, 30, 40, 50, 60, 70, 80].map((length) => buffers.acquire(length));
  for (const block of blocks) buffers.release(block);
  assert.equal(buffers.acquire(25).buffer, blocks[2]?.buffer);
  assert.notEqual(buffers.acquire(10).buffer, blocks[0]?.buffer);
});
