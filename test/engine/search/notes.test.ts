import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptNotes } from '../../../src/engine/search/notes.ts';

const levels = [4, 8, 16, 32].map((side) => ({ side, candidateCount: 4, width: 8 }));

test('kept levels: what they leave to decide', () => {
  const guided = { isGuided: true, count: 1 };
  assert.deepEqual(keptNotes([], { levels }, guided), []);
  assert.deepEqual(keptNotes([[0, 0]], { levels }, guided), []);
  assert.match(keptNotes([[0, 0, 0]], { levels }, guided).join(), /first 3 of 4 levels are kept, up to 16×16 pixels/);
  assert.deepEqual(keptNotes([[0, 0, 0]], { levels }, { isGuided: false, count: 4 }), []);
  assert.match(
    keptNotes([[0, 0, 0, 0]], { levels }, { isGuided: false, count: 2 }).join(),
    /all pictures are the same/,
  );
  assert.deepEqual(keptNotes([[0, 0, 0, 0]], { levels }, { isGuided: false, count: 1 }), []);
  const two = [
    [0, 0, 0, 0],
    [1, 1, 1, 1],
  ];
  assert.deepEqual(keptNotes(two, { levels }, { isGuided: false, count: 2 }), []);
  assert.doesNotMatch(keptNotes(two, { levels }, { isGuided: true, count: 2 }).join(), /the same/);
});
