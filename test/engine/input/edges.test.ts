import assert from 'node:assert/strict';
import { test } from 'node:test';
import { edgesOf } from '../../../src/engine/input/edges.ts';
import type { Picture } from '../../../src/guide.ts';

const SIDE = 16;

/** A picture with equal rows. */
function rows(channels: number, valueAt: (x: number, channel: number) => number): Picture {
  const size = SIDE * SIDE;
  const data = Float32Array.from({ length: channels * size }, (_, i) => valueAt(i % SIDE, Math.floor(i / size)));
  return { data, channels, width: SIDE, height: SIDE };
}

/** Columns of edge pixels in a middle row. */
const columns = (edges: Float32Array) =>
  [...edges.subarray(8 * SIDE, 9 * SIDE)].flatMap((value, x) => (value > 0 ? [x] : []));

test('edges between colours of equal brightness are found by color_edges only', () => {
  const redToGreen = rows(3, (x, channel) => (channel === 2 ? 0 : x < 8 === (channel === 0) ? 1 : -1));
  assert.deepEqual(columns(edgesOf(redToGreen, 'edges')), []);
  assert.deepEqual(columns(edgesOf(redToGreen, 'color_edges')), [7, 8]);
});

test('soft edges of an enlarged picture count where they are steepest', () => {
  const soft = rows(1, (x) => 0.2 * Math.tanh((x - 7.6) / 2.5));
  assert.deepEqual(columns(edgesOf(soft)), []);
  assert.deepEqual(columns(edgesOf(soft, 'edges', 4)), [8, 9]);
  const steeper = rows(1, (x) => Math.tanh((x - 7.6) / 2.5));
  assert.ok(columns(edgesOf(steeper)).length > 4);
  assert.deepEqual(columns(edgesOf(steeper, 'edges', 4)), [8, 9]);
});

test('ridges are found in every direction, and none in flat areas', () => {
  const disc = (x: number, y: number) => 0.5 * Math.tanh((5 - Math.hypot(x - 7.5, y - 7.5)) / 1.5);
  const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => disc(i % SIDE, Math.floor(i / SIDE)));
  const edges = edgesOf({ data, channels: 1, width: SIDE, height: SIDE }, 'edges', 4);
  for (let turn = 0; turn < 16; turn++) {
    const [x, y] = [Math.cos((turn * Math.PI) / 8), Math.sin((turn * Math.PI) / 8)];
    const along = [4, 5, 6].map((r) => edges[Math.round(7.5 + r * y) * SIDE + Math.round(7.5 + r * x)] as number);
    assert.ok(Math.max(...along) > 0, `an edge to the ${turn}/16 of a turn`);
  }
  assert.ok((edges[8 * SIDE + 8] as number) < 0);
  assert.ok(
    edgesOf(
      rows(1, () => 0.4),
      'edges',
      4,
    ).every((value) => value < 0),
  );
});
