import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionOf } from '../../../src/engine/input/condition.ts';
import { smoothed } from '../../../src/engine/input/smooth.ts';
import { encodePicture } from '../../../src/pictures/codec.ts';

test('smoothing preserves the sum and leaves constant areas unchanged', () => {
  const even = { data: new Float32Array(48).fill(0.3), channels: 3, width: 4, height: 4 };
  assert.ok(smoothed(even, 1.3).data.every((value) => Math.abs(value - 0.3) < 1e-6));
  const dot = { data: new Float32Array(81), channels: 1, width: 9, height: 9 };
  dot.data[40] = 1;
  const { data } = smoothed(dot, 1);
  assert.ok(Math.abs(data.reduce((sum, value) => sum + value, 0) - 1) < 1e-6);
  // A Gaussian's density at its middle, in two dimensions.
  assert.ok(Math.abs((data[40] as number) - 1 / (2 * Math.PI)) < 2e-3);
  assert.equal(data[39], data[41]);
  assert.equal(data[31], data[49]);
  assert.equal(smoothed(dot, 0).data, dot.data);
});

test('edges of a small enlarged picture are lines without pixel steps', async () => {
  const [small, side] = [16, 64];
  const plane = small * small;
  const data = new Float32Array(3 * plane);
  for (let p = 0; p < plane; p++) {
    const isIn = Math.hypot((p % small) - 7.5, Math.floor(p / small) - 7.5) < 5;
    for (let c = 0; c < 3; c++) data[c * plane + p] = isIn === (c === 0) ? 0.6 : -0.6;
  }
  const file = await encodePicture({ data, channels: 3, width: small, height: small });
  const info = { name: 'm', channels: 3, condition: { kind: 'color_edges', channels: 1 }, levels: [{ side }] };
  const edges = await conditionOf(file, info as never);
  const radii = [...(edges ?? [])].flatMap((value, p) =>
    value > 0 ? Math.hypot((p % side) - 31.5, Math.floor(p / side) - 31.5) : [],
  );
  assert.ok(radii.length > 60, `${radii.length} pixels of edges`);
  const [least, most] = [Math.min(...radii), Math.max(...radii)];
  // The disc is 20 pixels in radius, a step of its pixels 4: without smoothing, radii are from 13.7 to 26.2.
  assert.ok(least > 17 && most < 23, `radii from ${least} to ${most}`);
});
