import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clipPixelFormat } from '../../../guides/lib/clip/preprocessor.ts';
import { toPixels } from '../../../guides/lib/pixels.ts';

describe('pixels for a network', () => {
  it('are clamped, normalised, and selected from the candidates', () => {
    const data = Float32Array.of(9, 9, 9, -1.5, 0, 1.2); // two candidates of one pixel
    const format = { side: 1, kernel: 'bilinear', mean: [0.5, 0.25, 0], deviation: [0.5, 0.5, 0.25] } as const;
    const pixels = toPixels({ data, batch: 1, count: 2, channels: 3, side: 1 }, 1, 1, format);
    assert.deepEqual([...pixels], [-1, 0.5, 4]);
  });

  it('repeat gray in every channel, and are resized', () => {
    const data = Float32Array.of(0, 1, 0, 1);
    const format = { side: 1, kernel: 'area', mean: [0, 0, 0], deviation: [1, 1, 1] } as const;
    assert.deepEqual(
      [...toPixels({ data, batch: 1, count: 1, channels: 1, side: 2 }, 0, 1, format)],
      [0.75, 0.75, 0.75],
    );
  });
});

describe('preprocessor_config.json', () => {
  it('is read in the forms that exports use', () => {
    const mean = { image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25] };
    const openai = clipPixelFormat({
      ...mean,
      size: { shortest_edge: 224 },
      crop_size: { height: 224, width: 224 },
      resample: 3,
    });
    assert.deepEqual(openai, { side: 224, kernel: 'bicubic', mean: mean.image_mean, deviation: mean.image_std });
    assert.equal(clipPixelFormat({ ...mean, size: 64, resample: 2 }).kernel, 'bilinear');
    assert.deepEqual(clipPixelFormat({ ...mean, crop_size: 32, do_normalize: false }).mean, [0, 0, 0]);
  });

  it('is refused without a size', () => {
    assert.throws(() => clipPixelFormat({ image_mean: [0, 0, 0] }), /preprocessor_config\.json is invalid/);
    assert.throws(() => clipPixelFormat('nothing'), /is invalid/);
  });
});
