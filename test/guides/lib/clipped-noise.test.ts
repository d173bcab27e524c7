import assert from 'node:assert/strict';
import { it } from 'node:test';
import { clippedMeans } from '../../../guides/lib/clipped-noise.ts';
import { normal } from '../../../src/kit/mulberry32.ts';

it('is the mean of a shade with clipped noise', () => {
  const next = normal(3);
  const sigma = 0.53;
  const shades = Float32Array.of(-1, -0.6, 0, 0.8, 1, 1.1);
  const means = clippedMeans(sigma)(shades);
  for (const [i, shade] of shades.entries()) {
    let sum = 0;
    for (let n = 0; n < 40_000; n++) sum += Math.max(-1, Math.min(1, shade + sigma * next())) / 40_000;
    assert.ok(Math.abs((means[i] as number) - sum) < 0.01, `${shade}: ${means[i]} instead of ${sum}`);
  }
});

it('only clips without noise', () => {
  const [low, middle, high] = clippedMeans(0)(Float32Array.of(-3, 0.25, 3)) as unknown as [number, number, number];
  assert.deepEqual([low, high], [-1, 1]);
  assert.ok(Math.abs(middle - 0.25) < 1e-6);
});
