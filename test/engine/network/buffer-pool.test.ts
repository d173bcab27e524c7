import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Spares } from '../../../src/engine/network/buffer-pool.ts';

test('what is given back is taken again, also for less', () => {
  const spares = new Spares();
  const first = spares.take(100);
  spares.give(first);
  const second = spares.take(60);
  assert.equal(second.buffer, first.buffer);
  assert.equal(second.length, 60);
});

test('what is still in use is never handed out, nor is a block that is too small', () => {
  const spares = new Spares();
  const small = spares.take(10);
  const large = spares.take(100);
  spares.give(small);
  assert.notEqual(spares.take(50).buffer, large.buffer);
  assert.equal(spares.take(50).length, 50);
  assert.equal(spares.take(10).buffer, small.buffer);
});

test('the smallest block that fits is taken, and only the largest few are kept', () => {
  const spares = new Spares();
  const blocks = [10, 20, 30, 40, 50, 60, 70, 80].map((length) => spares.take(length));
  for (const block of blocks) spares.give(block);
  assert.equal(spares.take(25).buffer, blocks[2]?.buffer);
  assert.notEqual(spares.take(10).buffer, blocks[0]?.buffer);
});
