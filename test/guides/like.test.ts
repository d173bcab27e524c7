import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { it } from 'node:test';
import like from '../../guides/like.ts';
import { encodePicture } from '../../src/pictures/codec.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { paint, scoresOf } from './pictures.ts';

const folder = resolve('test/fixtures/tiny-clip');
const parts = { folders: { 'tiny-clip': folder }, kept: new Map<string, Promise<object>>() };
const red = paint(16, 16, 3, () => [1, -1, -1]);
const green = paint(16, 16, 3, () => [-1, 1, -1]);
const orange = paint(16, 16, 3, () => [1, -0.2, -1]);
const image = new Uint8Array(await encodePicture(red));

testGuide(like, { params: { model: 'tiny-clip', image }, ...parts });

it('prefers pictures with the same content, with any cutouts', async () => {
  for (const cutouts of [0, 3]) {
    const guide = await like.create(like.params.parse({ model: 'tiny-clip', image, cutouts }), fakeContext(parts));
    const [same, near, other] = (await scoresOf(guide, red, orange, green)) as [number, number, number];
    assert.ok(Math.abs(same - 1) < 1e-4, `${same}`);
    assert.ok(same > near && near > other, `${same} ${near} ${other}`);
  }
});
