import assert from 'node:assert/strict';
import { test } from 'node:test';
import { depthWithin, type Place, picturesOf, TreeLayout } from '../../../src/lab/tree/layout.ts';

const shape = (counts: number[], depth = counts.length, leaf = 16) => ({
  model: 'some',
  counts,
  depth,
  leaf,
});

function codesOf(counts: readonly number[]): number[][] {
  const rows: number[][][] = [[[]]];
  for (const count of counts)
    rows.push((rows.at(-1) ?? []).flatMap((code) => Array.from({ length: count }, (_, choice) => [...code, choice])));
  return rows.flat();
}

const apart = (a: Place, b: Place) =>
  a.x + a.side <= b.x || b.x + b.side <= a.x || a.y + a.side <= b.y || b.y + b.side <= a.y;

test('eight children surround their parent in reading order', () => {
  const layout = new TreeLayout(shape([8]));
  const middle = layout.place([]);
  const where = [0, 1, 2, 3, 4, 5, 6, 7].map((choice) => {
    const { x, y } = layout.place([choice]);
    return [Math.sign(x - middle.x), Math.sign(y - middle.y)];
  });
  assert.deepEqual(where, [
    [-1, -1],
    [0, -1],
    [1, -1],
    [-1, 0],
    [1, 0],
    [-1, 1],
    [0, 1],
    [1, 1],
  ]);
});

test('pictures are disjoint and lie inside the layout', () => {
  for (const counts of [[8, 8], [2, 2, 2, 2, 2], [3, 5], [64], [4, 2, 9]]) {
    const layout = new TreeLayout(shape(counts));
    const places = codesOf(counts).map((code) => layout.place(code));
    assert.equal(places.length, picturesOf({ counts, depth: counts.length }));
    for (const [i, place] of places.entries()) {
      assert.ok(place.x >= 0 && place.x + place.side <= layout.width, `${counts}`);
      assert.ok(place.y >= 0 && place.y + place.side <= layout.height, `${counts}`);
      assert.ok(
        places.slice(0, i).every((other) => apart(place, other)),
        `${counts}: ${i}`,
      );
    }
  }
});

test('parents are larger than their children, and lie within their own frames', () => {
  const layout = new TreeLayout(shape([8, 8, 8], 3, 32));
  assert.deepEqual(
    [[], [0], [0, 0], [0, 0, 0]].map((code) => layout.place(code).side >= 32),
    [true, true, true, true],
  );
  assert.ok(layout.place([]).side > 2 * layout.place([0]).side);
  const block = layout.block([3]);
  for (const code of [[3], [3, 7], [3, 0, 5]]) {
    const { x, y, side } = layout.place(code);
    assert.ok(x >= block.x + block.frame && x + side <= block.x + block.width - block.frame);
    assert.ok(y >= block.y + block.frame && y + side <= block.y + block.height - block.frame);
  }
});

test('a binary tree is halved horizontally and vertically in turn, so that it stays square', () => {
  const { width, height } = new TreeLayout(shape(Array(6).fill(2)));
  assert.ok(Math.abs(width / height - 1) < 0.2, `${width}×${height}`);
});

test('the error for a depth beyond the model states the necessary levels', () => {
  assert.throws(() => new TreeLayout(shape([8, 8], 3)), {
    code: 'tree_too_deep',
    message: 'A tree of depth 3 needs a model of 3 levels; "some" has 2. Ask for at most 2.',
  });
});

test('the error for a tree that is too large states its size; the largest valid one fits', () => {
  const counts = [64, 64, 64];
  assert.throws(() => new TreeLayout(shape(counts, 3, 64)), {
    code: 'tree_too_large',
    message: /needs 266305 pictures on \d+×\d+ pixels, .* What fits: --depth 2, or --leaf 7\.$/,
  });
  assert.ok(new TreeLayout(shape(counts, 2, 64)).width > 0);
  assert.ok(new TreeLayout(shape(counts, 3, 7)).width > 0);
  const deep = Array(39).fill(64);
  assert.throws(() => new TreeLayout(shape(deep)), { message: /needs 10\^70 pictures on 10\^39×10\^39 pixels/ });
});

test('the default depth is the largest that fits', () => {
  assert.equal(depthWithin(shape([8, 8, 8]), 2048 ** 2), 3);
  assert.equal(depthWithin(shape(Array(39).fill(64)), 2048 ** 2), 2);
  assert.equal(depthWithin(shape([64], 1, 1024), 10), 1);
});
