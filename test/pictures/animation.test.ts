import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import type { Picture } from '../../src/guide.ts';
import { framePixels, joinFrames, packedFrame } from '../../src/pictures/animation.ts';
import { encodePicture } from '../../src/pictures/codec.ts';
import { type Provenance, provenancePacket, readProvenance } from '../../src/pictures/provenance.ts';

const flat = (side: number, value: number): Picture => ({
  ...{ channels: 3, width: side, height: side },
  data: new Float32Array(3 * side * side).fill(value),
});
const PROVENANCE: Provenance = { kandid: '1', model: 'tiny', hash: 'a'.repeat(64), code: 'AA', seed: 1 };

for (const format of ['gif', 'webp'] as const)
  test(`${format}: frames of equal size with the given durations, with readable metadata`, async () => {
    const frames = [flat(2, -1), flat(4, 1), flat(8, -1)].map(framePixels);
    const packed = await Promise.all(frames.map((frame) => packedFrame(frame, { width: 8, height: 8 })));
    const xmp = provenancePacket(PROVENANCE);
    const file = await joinFrames(packed, format, { delays: [100, 200, 300], xmp });
    const about = await sharp(file, { animated: true }).metadata();
    assert.deepEqual([about.pages, about.width, about.pageHeight, about.delay], [3, 8, 8, [100, 200, 300]]);
    assert.deepEqual(readProvenance(file), PROVENANCE);
    for (const [page, shade] of [0, 255, 0].entries()) {
      const pixels = await sharp(file, { page }).removeAlpha().raw().toBuffer();
      assert.ok(
        pixels.every((value) => Math.abs(value - shade) <= 2),
        `frame ${page}`,
      );
    }
  });

test('a GIF of one picture keeps its metadata', async () => {
  const file = await encodePicture(flat(8, 0), 'gif', { quality: 50, xmp: provenancePacket(PROVENANCE) });
  assert.equal((await sharp(file).metadata()).format, 'gif');
  assert.deepEqual(readProvenance(file), PROVENANCE);
});
