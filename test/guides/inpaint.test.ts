import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { it } from 'node:test';
import sharp from 'sharp';
import inpaint from '../../guides/inpaint.ts';
import { GuideProblem } from '../../src/guide.ts';
import { type FakeParts, fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { level, type Paint, paint, png, scene, scoresOf } from './pictures.ts';

const image = await png(32, 32, 3, scene);
const rightHalf: Paint = (x) => (x > 0.5 ? [1, 1, 1] : [-1, -1, -1]);
const mask = await png(32, 32, 3, rightHalf);

function create(params: Record<string, unknown>, parts: FakeParts = {}) {
  return inpaint.create(inpaint.params.parse(params), fakeContext(parts));
}

/** The scene with its left or right half spoiled. */
function spoiled(side: 'left' | 'right') {
  return paint(32, 32, 3, (x, y) => (x < 0.5 === (side === 'left') ? [0.9, -0.9, 0.9] : scene(x, y)));
}

testGuide(inpaint, { params: { image, mask } });

it('compares the known pixels only', async () => {
  const guide = await create({ image, mask });
  const [left, right] = (await scoresOf(guide, spoiled('left'), spoiled('right'))) as [number, number];
  assert.ok(right > -1e-4, `what is under the mask is free: ${right}`);
  assert.ok(left < -0.1, `what is not is kept: ${left}`);
});

it('treats transparency of the picture or the mask as unknown, and inverts masks', async () => {
  const transparent = await png(32, 32, 4, (x, y) => [...scene(x, y), x > 0.5 ? -1 : 1]);
  const clearMask = await png(32, 32, 4, (x) => [-1, -1, -1, x > 0.5 ? -1 : 1]);
  for (const params of [{ image: transparent }, { image, mask: clearMask }]) {
    const [left, right] = (await scoresOf(await create(params), spoiled('left'), spoiled('right'))) as [number, number];
    assert.ok(right > -1e-4 && left < -0.1, `${left} ${right}`);
  }
  const inverted = await create({ image, mask, invert: true });
  const [left, right] = (await scoresOf(inverted, spoiled('left'), spoiled('right'))) as [number, number];
  assert.ok(left > -1e-4 && right < -0.1, `${left} ${right}`);
});

it('weights soft edges in part; at coarse sides, uses the mean of the known pixels', async () => {
  const soft = await png(32, 32, 3, (x) => Array(3).fill(2 * x - 1));
  const guide = await create({ image, mask: soft });
  const form = guide.linear?.(level(32));
  assert.ok(Math.abs((form?.weight?.[8] ?? 0) - (1 - 8.5 / 32)) < 0.01, `${form?.weight?.[8]}`);
  const halfOfCell = await create({ image: await png(32, 32, 4, (x) => (x < 0.25 ? [1, -1, 0.5, 1] : [0, 0, 0, -1])) });
  const coarse = halfOfCell.linear?.(level(2));
  assert.ok(Math.abs((coarse?.weight?.[0] ?? 0) - 0.5) < 0.01, 'half of the first cell is known');
  assert.ok(Math.abs((coarse?.target[0] ?? 0) - 1) < 0.01, 'and its colour is that of the known half');
});

it('refuses a picture without known pixels', async () => {
  const white = await png(8, 8, 3, () => [1, 1, 1]);
  await assert.rejects(
    async () => create({ image, mask: white }),
    (error: Error) => error instanceof GuideProblem && /nothing to keep/.test(error.message),
  );
});

it('refuses a picture without unknown pixels, and reports how the mask was read', async () => {
  const black = await png(32, 32, 3, () => [-1, -1, -1]);
  const wide = await png(64, 32, 3, (x) => Array(3).fill(x < 0.2 ? 1 : -1));
  const cases = [
    [{ image }, /there is no mask/],
    [{ image, mask: black }, /read as black/],
    [{ image, mask: wide }, /middle square/],
  ] as const;
  for (const [params, message] of cases)
    await assert.rejects(
      async () => create(params),
      (error: Error) => error instanceof GuideProblem && message.test(error.message),
    );
});

for (const file of ['mask-bw-alpha254.png', 'mask-bw-softrim.png'])
  it(`reads an opaque mask by its colours: ${file}`, async () => {
    const bytes = await readFile(`test/fixtures/pictures/${file}`);
    const plain = await sharp(bytes).removeAlpha().png().toBuffer();
    const notes: string[] = [];
    const weights = [];
    for (const given of [bytes, plain])
      weights.push((await create({ image, mask: given }, { notes })).linear?.(level(32))?.weight);
    const [read, wanted] = weights;
    const off = read?.reduce((sum, share, p) => sum + Math.abs(share - (wanted?.[p] ?? 9)), 0) ?? 9;
    assert.ok(off / 1024 < 0.02, `${off / 1024}`);
    assert.ok(
      notes.some((note) => /read by its colours/.test(note)),
      notes.join(),
    );
  });

it('notes that a mask was read by its transparency, or has another size', async () => {
  const notes: string[] = [];
  await create({ image, mask: await png(32, 32, 4, (x) => [1, 1, 1, x > 0.5 ? -1 : 1]) }, { notes });
  assert.match(notes[0] ?? '', /read by its transparency/);
  await create({ image, mask: await png(16, 16, 3, rightHalf) }, { notes });
  assert.match(notes[1] ?? '', /mask is 16×16 and the picture 32×32/);
});
