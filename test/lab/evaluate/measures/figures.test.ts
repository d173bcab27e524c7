import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Picture } from '../../../../src/guide.ts';
import { bicubic } from '../../../../src/lab/evaluate/measures/bicubic.ts';
import {
  blurred,
  fewShades,
  grayed,
  inChannels,
  noisy,
  shrunk,
} from '../../../../src/lab/evaluate/measures/degrade.ts';
import { meanPairwise, psnrWhere, rmse, rounded, Usage } from '../../../../src/lab/evaluate/measures/figures.ts';
import { filledWithMean, knownPixels, type MASKS, maskPicture } from '../../../../src/lab/evaluate/measures/masks.ts';
import { textureDistance, textureOf } from '../../../../src/lab/evaluate/measures/texture.ts';

function picture(side: number, channels: number, of: (x: number, y: number, channel: number) => number): Picture {
  const data = Float32Array.from({ length: channels * side * side }, (_, i) =>
    of(i % side, Math.floor(i / side) % side, Math.floor(i / (side * side))),
  );
  return { data, channels, width: side, height: side };
}

const close = (a: number, b: number, tolerance = 1e-6) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

test('bicubic preserves constants and ramps, with the weights of Catmull-Rom', () => {
  for (const value of bicubic(
    picture(4, 3, () => 0.25),
    16,
  ).data)
    close(value, 0.25);
  const slope = bicubic(
    picture(8, 1, (x) => x / 8 - 0.5),
    16,
  );
  for (let x = 4; x < 12; x++) close(slope.data[x] as number, ((x + 0.5) / 2 - 0.5) / 8 - 0.5);
  // Halfway between pixels the weights are −1/16, 9/16, 9/16, −1/16; a quarter away −9/128, 111/128, 29/128, −3/128.
  const impulse = bicubic(
    picture(8, 1, (x, y) => (x === 4 && y === 4 ? 1 : 0)),
    16,
  );
  close(impulse.data[9 * 16 + 9] as number, (111 / 128) ** 2);
  close(impulse.data[8 * 16 + 7] as number, ((111 / 128) * 29) / 128);
});

test('degraded pictures', () => {
  const ramp = picture(8, 3, (x, _, channel) => (channel === 0 ? x / 4 - 1 : 0));
  close(shrunk(ramp, 1).data[0] as number, -0.125);
  close(grayed(ramp).data[0] as number, -0.299);
  assert.equal(inChannels(grayed(ramp), 3).data.length, 192);
  assert.deepEqual(
    [
      ...new Set(
        fewShades(
          picture(8, 1, (x) => x / 4 - 1),
          5,
        ).data,
      ),
    ],
    [-1, -0.5, 0, 0.5, 1],
  );
  const noise = noisy(
    picture(64, 1, () => 0),
    0.1,
    3,
  );
  close(Math.sqrt(noise.data.reduce((sum, value) => sum + value * value, 0) / 4096), 0.1, 0.005);
  assert.deepEqual(
    noise,
    noisy(
      picture(64, 1, () => 0),
      0.1,
      3,
    ),
  );
  for (const value of blurred(
    picture(8, 3, () => 0.5),
    1.2,
  ).data)
    close(value, 0.5);
  close(
    blurred(
      picture(9, 1, (x, y) => (x === 4 && y === 4 ? 1 : 0)),
      0.8,
    ).data.reduce((sum, value) => sum + value, 0),
    1,
    1e-3,
  );
});

test('masks: shares, and reproducible by seed', () => {
  const share = (kind: (typeof MASKS)[number]) => knownPixels(kind, 64, 1).reduce((sum, one) => sum + one, 0) / 4096;
  assert.deepEqual(
    ['half', 'upper', 'center', 'stripe'].map((kind) => share(kind as 'half')),
    [0.5, 0.5, 0.75, 0.125],
  );
  close(share('random70'), 0.3, 0.02);
  assert.deepEqual(knownPixels('random70', 8, 5), knownPixels('random70', 8, 5));
  assert.notDeepEqual(knownPixels('random70', 8, 5), knownPixels('random70', 8, 6));
  const known = knownPixels('half', 4, 0);
  assert.deepEqual([...maskPicture(known, 4).data.slice(0, 4)], [-1, -1, 1, 1]);
  const filled = filledWithMean(
    picture(4, 1, (x) => (x < 2 ? x : 9)),
    known,
  );
  assert.deepEqual([...filled.data.slice(0, 4)], [0, 1, 0.5, 0.5]);
});

test('PSNR of a part, distances', () => {
  const known = knownPixels('half', 4, 0);
  const a = picture(4, 3, () => 0);
  const b = picture(4, 3, (x) => (x < 2 ? 0 : 0.2));
  assert.equal(psnrWhere(a, b, known), Number.POSITIVE_INFINITY);
  close(
    psnrWhere(
      a,
      b,
      known.map((one) => 1 - one),
    ),
    20,
  );
  close(
    rmse(
      picture(2, 1, () => -1),
      picture(2, 1, () => 1),
    ),
    1,
  );
  close(meanPairwise([a, a, picture(4, 3, () => 0.2)]), (2 * 0.1) / 3);
  assert.equal(rounded(Number.POSITIVE_INFINITY), null);
  assert.equal(rounded(1.23456, 2), 1.23);
});

test('usage: unused candidates, and entropy ratios', () => {
  const usage = new Usage([2, 4]);
  for (const code of [
    [0, 0],
    [1, 1],
    [0, 2],
    [1, 2],
  ])
    usage.add(code);
  assert.equal(usage.unused, 1);
  assert.equal(usage.codes, 4);
  const [first, second] = usage.entropyRatios as [number, number];
  close(first, 1);
  close(second, 0.75);
});

test('texture: means, and products of the value with its differences to the left and above', () => {
  const gray = (...values: number[]) => ({ data: Float32Array.from(values), channels: 1, width: 2, height: 2 });
  // Of d below c to the left and b above: d, d², d(d − c), d(d − b), (d − c)², (d − c)(d − b), (d − b)².
  const reference = textureOf(gray(0, 0, 0, 1));
  const other = textureOf(gray(0, 0, 1, 1));
  assert.deepEqual([...reference], [1, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual([...other], [1, 1, 0, 1, 0, 0, 1]);
  close(textureDistance(reference, other), 3 / 7);
});

test('texture: independent of position, but not of colour or grain', () => {
  const grain = (phase: number, step: number) =>
    picture(16, 3, (x, y) => ((((x + phase) / step) & 1) ^ ((y / step) & 1) ? 0.5 : -0.5));
  const base = textureOf(grain(0, 2));
  assert.equal(textureDistance(base, base), 0);
  assert.ok(textureDistance(base, textureOf(grain(2, 2))) < 0.02);
  assert.ok(textureDistance(base, textureOf(grain(0, 8))) > 0.1);
  assert.ok(textureDistance(base, textureOf(picture(16, 3, (_x, _y, channel) => channel / 2))) > 0.1);
});
