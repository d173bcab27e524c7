import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beamsPerLevel } from '../../src/contract/beams.ts';

test('beams: one number and four times that where levels are cheap, per level, per side; the last keeps one', () => {
  const sides = [4, 4, 8, 8, 16];
  assert.deepEqual(beamsPerLevel(undefined, sides), [1, 1, 1, 1, 1]);
  assert.deepEqual(beamsPerLevel(1, sides), [1, 1, 1, 1, 1]);
  assert.deepEqual(beamsPerLevel(3, sides), [12, 12, 3, 3, 1]);
  assert.deepEqual(beamsPerLevel([8, 4], sides), [8, 4, 4, 4, 1]);
  assert.deepEqual(beamsPerLevel({ 4: 16, 16: 9 }, sides), [16, 16, 1, 1, 1]);
});
