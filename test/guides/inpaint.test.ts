import assert from 'node:assert/strict';
import { it } from 'node:test';
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

it('minds the known pixels only', async () => {
  const guide = await create({ image, mask });
  const [left, right] = (await scoresOf(guide, spoiled('left'), spoiled('right'))) as [number, number];
  assert.ok(right > -1e-4, `what is under the mask is free: ${right}`);
  assert.ok(left < -0.1, `what is not is kept: ${left}`);
});

it('takes transparency of the picture or of the mask for unknown, and inverts masks', async () => {
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

it('counts soft edges in part, and at low sides the mean of what is known', async () => {
  const soft = await png(32, 32, 3, (x) => Array(3).fill(2 * x - 1));
  const guide = await create({ image, mask: soft });
  const form = guide.linear?.(level(32));
  assert.ok(Math.abs((form?.weight?.[8] ?? 0) - (1 - 8.5 / 32)) < 0.01, `${form?.weight?.[8]}`);
  const halfOfCell = await create({ image: await png(32, 32, 4, (x) => (x < 0.25 ? [1, -1, 0.5, 1] : [0, 0, 0, -1])) });
  const coarse = halfOfCell.linear?.(level(2));
  assert.ok(Math.abs((coarse?.weight?.[0] ?? 0) - 0.5) < 0.01, 'half of the first cell is known');
  assert.ok(Math.abs((coarse?.target[0] ?? 0) - 1) < 0.01, 'and its colour is that of the known half');
});

it('refuses a picture of which nothing is known', async () => {
  const white = await png(8, 8, 3, () => [1, 1, 1]);
  await assert.rejects(
    async () => create({ image, mask: white }),
    (error: Error) => error instanceof GuideProblem && /nothing to keep/.test(error.message),
  );
});

it('says where nothing is unknown, and where sizes differ', async () => {
  const notes: string[] = [];
  await create({ image }, { notes });
  assert.match(notes[0] ?? '', /whole picture is kept/);
  await create({ image, mask: await png(16, 16, 3, rightHalf) }, { notes });
  assert.match(notes[1] ?? '', /mask is 16×16 and the picture 32×32/);
});
