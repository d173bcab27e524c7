import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../../../src/kit/backoff.ts';
import { EtaEstimator } from '../../../src/server/jobs/eta.ts';

test('no estimate before the first measurement', () => {
  const eta = new EtaEstimator();
  assert.equal(eta.estimate(3), null);
  assert.equal(eta.retrySeconds(100), 10);
});

test('estimates grow with waiting jobs and shrink with concurrent ones', () => {
  const eta = new EtaEstimator();
  eta.add(2, 4);
  assert.equal(eta.estimate(0), 2);
  assert.equal(eta.estimate(8), 6);
  for (let i = 0; i < 50; i++) eta.add(4, 1);
  assert.ok(Math.abs((eta.estimate(1) ?? 0) - 8) < 0.2);
});

test('Retry-After is 1 to 60 whole seconds', () => {
  const eta = new EtaEstimator();
  eta.add(0.05, 8);
  assert.equal(eta.retrySeconds(0), 1);
  for (let i = 0; i < 50; i++) eta.add(30, 1);
  assert.equal(eta.retrySeconds(1000), 60);
});

test('backoff doubles up to a limit and resets after a success', () => {
  const backoff = new Backoff({ firstMs: 100, mostMs: 1000 });
  assert.deepEqual(
    Array.from({ length: 6 }, () => backoff.fail()),
    [100, 200, 400, 800, 1000, 1000],
  );
  backoff.reset();
  assert.equal(backoff.fail(), 100);
});
