import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Picture } from '../../src/guide.ts';
import { psnr, psnrOfError, ssim } from '../../src/kit/quality.ts';

const gray = (value: (i: number) => number, width = 16, height = 16): Picture => ({
  data: Float32Array.from({ length: width * height }, (_, i) => 2 * value(i) - 1),
  channels: 1,
  width,
  height,
});
const a = gray((i) => ((i * 7) % 97) / 97);
const b = gray((i) => ((i * 5 + 3) % 89) / 89);

test('PSNR on the scale of [0, 1]', () => {
  assert.ok(Math.abs(psnr(a, b) - 7.725254) < 1e-4);
  assert.ok(
    Math.abs(
      psnr(
        gray(() => 0.5),
        gray(() => 0.6),
      ) - 20,
    ) < 1e-4,
  );
  assert.equal(psnr(a, a), Number.POSITIVE_INFINITY);
  const all = new Float32Array(a.width * a.height).fill(0.5);
  assert.ok(Math.abs(psnr(a, b, all) - psnr(a, b)) < 1e-9);
  const first = Float32Array.from(all, (_, i) => Number(i === 0));
  const error = Array.from({ length: a.channels }, (_, c) => {
    const at = c * all.length;
    return ((a.data[at] as number) - (b.data[at] as number)) ** 2;
  });
  assert.ok(Math.abs(psnr(a, b, first) - psnrOfError(error.reduce((x, y) => x + y) / a.channels)) < 1e-6);
  assert.ok(Math.abs(psnrOfError(0.04) - 20) < 1e-9);
});

test('SSIM as by direct evaluation of its formula with NumPy, window by window', () => {
  assert.ok(Math.abs(ssim(a, b) - 0.025143972) < 1e-6);
  assert.ok(Math.abs(ssim(a, a) - 1) < 1e-9);
});

test('values out of range are clamped', () => {
  const over = { ...a, data: a.data.map((value) => value * 3) };
  assert.equal(psnr(over, { ...a, data: over.data.map((value) => Math.max(-1, Math.min(1, value))) }), Infinity);
});

test('SSIM of pictures smaller than the window', () => {
  const small = gray((i) => i / 20, 5, 4);
  assert.ok(Math.abs(ssim(small, small) - 1) < 1e-9);
  assert.ok(
    ssim(
      small,
      gray((i) => 1 - i / 20, 5, 4),
    ) < 0.5,
  );
  assert.ok(
    Math.abs(
      ssim(
        gray(() => 0.5, 1, 1),
        gray(() => 0.5, 1, 1),
      ) - 1,
    ) < 1e-9,
  );
});

test('SSIM of 8 × 8 pixels, in a window of 7, as by NumPy', () => {
  const first = gray((i) => (((i % 8) * 3 + Math.floor(i / 8) * 5) % 7) / 7, 8, 8);
  const second = gray((i) => (((i % 8) * 2 + Math.floor(i / 8) * 3) % 5) / 5, 8, 8);
  assert.ok(Math.abs(ssim(first, second) + 0.343663) < 1e-5, `${ssim(first, second)}`);
});

test('SSIM is the mean over channels', () => {
  const both = (x: Picture, y: Picture): Picture => ({
    data: Float32Array.of(...x.data, ...y.data, ...x.data),
    channels: 3,
    width: 16,
    height: 16,
  });
  const mean = (ssim(a, b) + ssim(b, a) + 1) / 3;
  assert.ok(
    Math.abs(ssim(both(a, b), { ...both(b, a), data: Float32Array.of(...b.data, ...a.data, ...a.data) }) - mean) < 1e-9,
  );
});

test('pictures of different sizes are refused', () => {
  assert.throws(
    () =>
      psnr(
        a,
        gray(() => 0, 8, 8),
      ),
    /1×16×16 and 1×8×8/,
  );
});
