/** The measurements of a cluster, with small amounts: their figures are made of what real processes do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterJson } from '../../../src/cli/bench/bench-cluster.ts';
import { type ClusterFigures, put, QUICK } from '../../../src/lab/bench/cluster/context.ts';
import { survival } from '../../../src/lab/bench/cluster/survival.ts';
import { closeConnections } from '../../../src/lab/bench/server/http-client.ts';
import { noRedis } from '../../server/cluster/redis-server.ts';

test('figures have paths', () => {
  const figures: ClusterFigures = new Map();
  put(figures, 'lost', 0, { bar: { most: 0 } });
  put(figures, 'resume.missing', 2, { bar: { most: 0 } });
  put(figures, 'resume.repeated', 0);
  const { figures: all, ...values } = clusterJson(figures);
  assert.deepEqual(values, { lost: 0, resume: { missing: 2, repeated: 0 } });
  assert.deepEqual(
    (all as { met: boolean | null }[]).map(({ met }) => met),
    [true, false, null],
  );
});

test('under kills, Redis restarts and disconnects nothing is lost, doubled, missing or repeated', {
  skip: noRedis,
}, async () => {
  const context = {
    base: { models: ['models'], model: 'tiny', device: 'cpu' },
    amounts: { ...QUICK, jobs: 24, paceMs: 300 },
    signal: new AbortController().signal,
  };
  const figures = await survival(context);
  closeConnections();
  const value = (path: string) => figures.get(path)?.value;
  assert.deepEqual(
    ['accepted', 'lost', 'doubled', 'resume.missing', 'resume.repeated'].map(value),
    [24, 0, 0, 0, 0],
    JSON.stringify([...figures.values()]),
  );
});
