import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excessOf } from '../../src/web/state/keeping.ts';

test('the oldest entries are deleted: beyond the limit of entries, and beyond the size limit of files', () => {
  const plain = (id: string): { id: string; kept?: { bytes: number } } => ({ id });
  const file = (id: string, bytes: number) => ({ id, kept: { bytes } });
  const all = [plain('a'), file('b', 60), plain('c'), file('d', 50), plain('e'), file('f', 1)];
  const deleted = (count: number, bytes: number) => excessOf(all, { count, bytes }).map(({ id }) => id);
  assert.deepEqual(deleted(10, 1000), []);
  assert.deepEqual(deleted(4, 1000), ['e', 'f']);
  assert.deepEqual(deleted(10, 100), ['d', 'f']);
  assert.deepEqual(deleted(10, 110), ['f']);
  assert.deepEqual(deleted(10, 0), ['b', 'd', 'f']);
});
