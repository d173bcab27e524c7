import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureClip } from '../../../src/lab/bench/clip.ts';
import { median, timed, timingOf } from '../../../src/lab/bench/timing.ts';
import { kandid } from '../../cli/fake-io.ts';

test('medians', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.deepEqual(timingOf([3, 1, 2]), { median_ms: 2, min_ms: 1, runs: 3 });
});

test('warms up, then runs at least three times', async () => {
  let calls = 0;
  const { runs } = await timed(async () => void calls++, 0);
  assert.deepEqual([runs, calls], [3, 4]);
});

test('bench: every figure, as JSON', async () => {
  const result = await kandid(['bench', 'tiny', '--seconds', '0', '--json']);
  assert.equal(result.code, 0, result.err);
  const report = JSON.parse(result.out);
  assert.ok(report.load.open.median_ms > 0);
  assert.deepEqual(Object.keys(report.step), ['1', '8', '32']);
  for (const figures of Object.values(report.step) as { outside_share: number; ms_per_level: number }[])
    assert.ok(figures.ms_per_level > 0 && figures.outside_share >= 0 && figures.outside_share <= 1);
  assert.deepEqual(Object.keys(report.linear.speedup), ['1', '8']);
  for (const batch of [1, 8]) assert.ok(report.linear.speedup[batch] > 0 && report.linear.ms_per_picture[batch] > 0);
  const { gflops, share, fused_gflops: fused } = report.peak;
  assert.ok(gflops > 1 && fused > 0 && Math.abs(share - fused / gflops) < 0.01, JSON.stringify(report.peak));
  assert.ok(report.peak.convolutions_share > 0);
  assert.deepEqual(Object.keys(report.encode), ['1', '4', '16']);
  assert.ok(report.decode[8] > 0);
  assert.ok(report.unguided.uniform_ms > 0);
  assert.equal(report.unguided.prior_ms, null, 'tiny has no prior');
  assert.ok(report.text.median_ms > 0);
  // Sixteen candidates of four levels: fewer than CLIP takes at once, so it sees them all.
  assert.equal(report.text.guide_pictures, 16);
  assert.ok(report.clip_64.median_ms > 0);
});

test('a missing CLIP is reported', async () => {
  const clip = await measureClip(['test/fixtures/judge'], 0);
  assert.ok('missing' in clip);
  assert.match(clip.missing, /no model "avatars-clip"/);
});

test('determinism: the same codes in every run and batch size', async () => {
  const result = await kandid(['bench', 'tiny', '--determinism', '--json']);
  assert.equal(result.code, 0, result.err);
  assert.equal(JSON.parse(result.out).determinism.identical, true);
});

test('memory over descents is reported', async () => {
  const { memory } = JSON.parse((await kandid(['bench', 'tiny', '--memory', '20', '--json'])).out);
  assert.equal(memory.descents, 20);
  assert.ok(memory.first_half_mb > 0 && Number.isFinite(memory.growth));
});
