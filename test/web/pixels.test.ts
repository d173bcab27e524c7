import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bare, dotOf, inverted, share, stroked } from '../../src/web/views/edit/layer.ts';
import { Painting } from '../../src/web/views/edit/painting.ts';
import { gray, noisy, type Pixels, psnr, shrunk } from '../../src/web/views/edit/pixels.ts';

/** A picture of gray values, rows from the top. */
function square(values: readonly number[]): Pixels {
  const side = Math.sqrt(values.length);
  return {
    width: side,
    height: side,
    data: Uint8ClampedArray.from(values.flatMap((value) => [value, value, value, 255])),
  };
}
const reds = ({ data }: Pixels) => [...data].filter((_, i) => i % 4 === 0);

test('shrinking averages areas, with whole and partial pixels', () => {
  assert.deepEqual(reds(shrunk(square([0, 100, 40, 60]), 1)), [50]);
  assert.deepEqual(reds(shrunk(square([0, 0, 90, 0, 0, 90, 0, 0, 90]), 2)), [0, 60, 0, 60]);
  assert.deepEqual(reds(shrunk(square([1, 2, 3, 4]), 2)), [1, 2, 3, 4]);
});

test('the aspect ratio is kept', () => {
  const wide = {
    width: 4,
    height: 2,
    data: Uint8ClampedArray.from([0, 20, 40, 60, 100, 120, 140, 160].flatMap((v) => [v, v, v, 255])),
  };
  const small = shrunk(wide, 2);
  assert.deepEqual([small.width, small.height, reds(small)], [2, 1, [60, 100]]);
  const ink = dotOf('#ffffff');
  const { dots, ...size } = stroked(bare(4, 2), { x: 9, y: 9 }, { x: 3.5, y: 1.5 }, 1, ink);
  assert.deepEqual(size, { width: 4, height: 2 });
  assert.deepEqual([dots[7], share({ ...size, dots })], [ink, 1 / 8]);
});

test('gray is luma by Rec. 601', () => {
  const picture = { width: 1, height: 1, data: Uint8ClampedArray.of(255, 0, 0, 255) };
  assert.deepEqual([...gray(picture).data], [76, 76, 76, 255]);
});

test('noise has the given strength, and keeps alpha', () => {
  const flat = square(Array.from({ length: 64 * 64 }, () => 128));
  const made = noisy(flat, 0.2);
  // Its mean square is (0.2 · 127.5)²: 20 dB below a byte's range.
  assert.ok(Math.abs(psnr(made, flat) - 20) < 0.3, `${psnr(made, flat)}`);
  assert.ok(made.data.every((value, i) => i % 4 !== 3 || value === 255));
});

test('PSNR: of all pixels, weighted, and of cells', () => {
  const [a, b] = [square([0, 0, 0, 0]), square([255, 0, 0, 0])];
  assert.ok(Math.abs(psnr(a, b) - 10 * Math.log10(4)) < 1e-9);
  assert.equal(psnr(a, b, { weights: [0, 1, 1, 1] }), Number.POSITIVE_INFINITY);
  assert.ok(Math.abs(psnr(a, b, { detail: 1 }) - 10 * Math.log10(16)) < 1e-9);
  assert.ok(Number.isNaN(psnr(a, b, { weights: [0, 0, 0, 0] })));
});

test('a stroke has no gaps and stays inside the layer', () => {
  const ink = dotOf('#102030');
  assert.equal(ink, 0xff102030);
  const { dots } = stroked(bare(8), { x: 0.5, y: 0.5 }, { x: 7.5, y: 7.5 }, 1.5, ink);
  for (let i = 0; i < 8; i++) assert.equal(dots[9 * i], ink);
  const corner = stroked(bare(8), { x: -20, y: 3 }, { x: 7.9, y: 7.9 }, 1, ink);
  assert.equal(corner.dots[63], ink);
  const dot = stroked(bare(4), { x: 1.1, y: 2.9 }, { x: 1.1, y: 2.9 }, 1, ink);
  assert.equal(share(dot), 1 / 16);
  assert.equal(dot.dots[9], ink);
});

test('inverting paints what was unpainted', () => {
  const ink = dotOf('#ffffff');
  const layer = inverted(stroked(bare(4), { x: 0.5, y: 0.5 }, { x: 0.5, y: 0.5 }, 1, ink), ink);
  assert.equal(share(layer), 15 / 16);
  assert.equal(layer.dots[0], 0);
});

test('undo and redo; a new stroke discards the redo steps', () => {
  const painting = new Painting(dotOf('#ff0000'));
  painting.fit(4);
  painting.size.value = 1;
  const dab = (x: number) => {
    painting.begin();
    painting.stroke({ x, y: 0.5 }, { x, y: 0.5 });
  };
  dab(0.5);
  dab(2.5);
  const both = painting.layer.value;
  painting.undo();
  assert.equal(share(painting.layer.value), 1 / 16);
  painting.redo();
  assert.deepEqual(painting.layer.value, both);
  painting.undo();
  dab(3.5);
  assert.equal(painting.canRedo.value, false);
  painting.undo();
  painting.undo();
  assert.ok(painting.isEmpty.value && !painting.canUndo.value);
  painting.isErasing.value = true;
  painting.invert();
  dab(0.5);
  assert.equal(share(painting.layer.value), 15 / 16);
});
