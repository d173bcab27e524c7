/** Squares of pictures, with known positions and blends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Picture } from '../../src/guide.ts';
import {
  blended,
  feathered,
  over,
  type Region,
  scaled,
  tilesOf,
  type Window,
  windowsAround,
  windowsAtMost,
} from '../../src/pictures/windows.ts';

function regionOf(width: number, height: number, isIn: (x: number, y: number) => boolean): Region {
  const data = Uint8Array.from({ length: width * height }, (_, p) =>
    isIn(p % width, Math.floor(p / width)) ? 255 : 0,
  );
  return { width, height, data };
}

function within({ left, top, side }: Window, { width, height }: { width: number; height: number }): boolean {
  return left >= 0 && top >= 0 && left + side <= width && top + side <= height;
}

/** A gray picture whose pixels all differ. */
function slope(width: number, height: number): Picture {
  return {
    data: Float32Array.from({ length: width * height }, (_, p) => p / (width * height)),
    channels: 1,
    width,
    height,
  };
}

function cut({ data, width }: Picture, { left, top, side }: Window): Picture {
  const rows = Array.from({ length: side }, (_, y) => [
    ...data.subarray((top + y) * width + left, (top + y) * width + left + side),
  ]);
  return { data: Float32Array.from(rows.flat()), channels: 1, width: side, height: side };
}

test('tiles cover a picture, overlap by a quarter, and are a single one for a square', () => {
  assert.deepEqual(tilesOf({ width: 16, height: 16 }, 16), [{ left: 0, top: 0, side: 16 }]);
  assert.deepEqual(
    tilesOf({ width: 32, height: 16 }, 16).map(({ left }) => left),
    [0, 8, 16],
  );
  for (const [width, height, side] of [
    [300, 100, 32],
    [61, 17, 17],
    [40, 40, 39],
    [7, 5, 1],
  ] as const) {
    const covered = new Uint8Array(width * height);
    const tiles = tilesOf({ width, height }, side);
    for (const tile of tiles) {
      assert.ok(within(tile, { width, height }));
      for (let y = 0; y < side; y++)
        covered.fill(1, (tile.top + y) * width + tile.left, (tile.top + y) * width + tile.left + side);
    }
    assert.ok(covered.every(Boolean), `${width}×${height} by ${side}`);
    assert.ok(tiles.length <= windowsAtMost({ width, height }, side));
  }
});

test('a picture cut into tiles and combined is unchanged', () => {
  const picture = slope(61, 33);
  const windows = tilesOf(picture, 20);
  const again = blended(
    { windows, width: 61, height: 33 },
    windows.map((window) => cut(picture, window)),
  );
  assert.ok(again.data.every((value, p) => Math.abs(value - (picture.data[p] as number)) < 1e-6));
});

test('two different squares are blended linearly over their overlap', () => {
  const plain = (value: number): Picture => ({
    data: new Float32Array(64).fill(value),
    channels: 1,
    width: 8,
    height: 8,
  });
  const windows = [
    { left: 0, top: 0, side: 8 },
    { left: 6, top: 0, side: 8 },
  ];
  const { data } = blended({ windows, width: 14, height: 8 }, [plain(0), plain(1)]);
  assert.deepEqual([...data.subarray(0, 14)], [0, 0, 0, 0, 0, 0, 0.25, 0.75, 1, 1, 1, 1, 1, 1]);
});

test('the square around a region is centred on it, as far as the picture allows', () => {
  const at = (from: number, to: number) =>
    windowsAround(
      regionOf(600, 256, (x) => x >= from && x < to),
      256,
    );
  assert.deepEqual(at(250, 300), [{ left: 147, top: 0, side: 256 }]);
  assert.deepEqual(at(430, 500), [{ left: 337, top: 0, side: 256 }]);
  assert.deepEqual(at(0, 20), [{ left: 0, top: 0, side: 256 }]);
  // A region that fits into one square is not cut to get margins.
  assert.deepEqual(at(200, 450), [{ left: 197, top: 0, side: 256 }]);
  assert.deepEqual(at(590, 600), [{ left: 344, top: 0, side: 256 }]);
  assert.deepEqual(
    windowsAround(
      regionOf(64, 64, () => true),
      64,
    ),
    [{ left: 0, top: 0, side: 64 }],
  );
  assert.deepEqual(
    windowsAround(
      regionOf(64, 64, () => false),
      64,
    ),
    [],
  );
});

test('separate parts get a square each, and a long region several', () => {
  const apart = windowsAround(
    regionOf(400, 100, (x, y) => y > 40 && y < 60 && (x < 20 || x > 380)),
    100,
  );
  assert.deepEqual(apart, [
    { left: 0, top: 0, side: 100 },
    { left: 300, top: 0, side: 100 },
  ]);
  for (const side of [64, 100]) {
    const region = regionOf(400, 100, (x, y) => x > 10 && y > 20 && y < 90);
    const windows = windowsAround(region, side);
    assert.ok(windows && windows.length > 1);
    for (let p = 0; p < region.data.length; p++) {
      if (region.data[p] === 0) continue;
      const [x, y] = [p % 400, Math.floor(p / 400)];
      const holder = windows.find(({ left, top }) => x >= left && x < left + side && y >= top && y < top + side);
      assert.ok(holder, `${x}, ${y}`);
    }
    assert.ok(windows.every((window) => within(window, region)));
  }
});

test('random regions are covered by their squares, within the stated number', () => {
  let state = 7;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  for (let round = 0; round < 60; round++) {
    const [width, height] = [20 + Math.floor(random() * 80), 20 + Math.floor(random() * 80)];
    const side = Math.max(4, Math.floor(Math.min(width, height) * (0.3 + 0.7 * random())));
    const share = random() ** 3;
    const region = regionOf(width, height, () => random() < share);
    const windows = windowsAround(region, side);
    assert.ok(windows, `${width}×${height}, squares of ${side}, ${share}`);
    const isHeld = (p: number) =>
      windows.some(({ left, top }) => {
        const [x, y] = [p % width, Math.floor(p / width)];
        return x >= left && x < left + side && y >= top && y < top + side;
      });
    assert.ok(region.data.every((value, p) => value === 0 || isHeld(p)));
  }
});

test('a region fades out over the given number of pixels, or not at all', () => {
  const region = regionOf(9, 1, (x) => x === 4);
  assert.deepEqual([...feathered(region, 0).data], [0, 0, 0, 0, 255, 0, 0, 0, 0]);
  assert.deepEqual([...feathered(region, 2).data], [0, 0, 85, 170, 255, 170, 85, 0, 0]);
  const square = feathered(
    regionOf(5, 5, (x, y) => x === 2 && y === 2),
    1,
  ).data;
  assert.equal(square[2 * 5 + 1], 127);
  assert.equal(square[1 * 5 + 1], 0);
});

test('outside the region the picture below is kept bit for bit, gray or not', () => {
  const below = { data: Float32Array.from([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), channels: 3, width: 2, height: 1 };
  const above = { data: Float32Array.from([1, 1]), channels: 1, width: 2, height: 1 };
  const { data, channels } = over(below, above, { data: Uint8Array.from([0, 255]), width: 2, height: 1 });
  assert.equal(channels, 3);
  assert.deepEqual(data, Float32Array.from([0.1, 1, 0.3, 1, 0.5, 1]));
});

test('positions mapped to a picture of another size leave no gaps', () => {
  const windows = tilesOf({ width: 301, height: 100 }, 50).map((window) => scaled(window, 1.28));
  for (const [i, { left, side }] of windows.entries()) {
    const next = windows[i + 1];
    if (next && next.left > left) assert.ok(left + side >= next.left);
  }
});
