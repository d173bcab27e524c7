import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beamsPerLevel } from '../../src/contract/beams.ts';

test('beams per level, by side, or one number, with four times as many at cheap levels; the last level keeps one', () => {
  const sides = [4, 4, 8, 8, 16];
  assert.deepEqual(beamsPerLevel(undefined, sides), [1, 1, 1, 1, 1]);
  assert.deepEqual(beamsPerLevel(1, sides), [1, 1, 1, 1, 1]);
  assert.deepEqual(beamsPerLevel(3, sides), [12, 12, 3, 3, 1]);
  assert.deepEqual(beamsPerLevel([8, 4], sides), [8, 4, 4, 4, 1]);
  assert.deepEqual(beamsPerLevel({ 4: 16, 16: 9 }, sides), [16, 16, 1, 1, 1]);
});
