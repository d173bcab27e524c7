import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edgesOf } from '../../../../src/engine/input/edges.ts';
import { edgesF1 } from '../../../../src/lab/evaluate/tasks/edges.ts';

const SIDE = 16;

/** Black to the left of a column, white from there on. */
function stepAt(column: number) {
  const data = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => (i % SIDE < column ? -1 : 1));
  return { data, channels: 3, width: SIDE, height: SIDE };
}

test('equal edges agree fully, distant ones not at all, nearby ones in part', () => {
  const wanted = edgesOf(stepAt(4));
  assert.equal(edgesF1(stepAt(4), wanted), 1);
  assert.equal(edgesF1(stepAt(12), wanted), 0);
  assert.equal(edgesF1(stepAt(5), wanted), 0.5);
});

test('two empty maps agree', () => {
  const plain = stepAt(0);
  assert.equal(edgesF1(plain, edgesOf(plain)), 1);
});
