import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tooMany } from '../../src/web/state/keeping.ts';

test('the oldest are forgotten: behind so many, and of those with files behind so many bytes', () => {
  const plain = (id: string): { id: string; kept?: { bytes: number } } => ({ id });
  const file = (id: string, bytes: number) => ({ id, kept: { bytes } });
  const all = [plain('a'), file('b', 60), plain('c'), file('d', 50), plain('e'), file('f', 1)];
  const gone = (count: number, bytes: number) => tooMany(all, { count, bytes }).map(({ id }) => id);
  assert.deepEqual(gone(10, 1000), []);
  assert.deepEqual(gone(4, 1000), ['e', 'f']);
  assert.deepEqual(gone(10, 100), ['d', 'f']);
  assert.deepEqual(gone(10, 110), ['f']);
  assert.deepEqual(gone(10, 0), ['b', 'd', 'f']);
});
