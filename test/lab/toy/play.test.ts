import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawn } from '../../../src/lab/toy/drawings.ts';
import { Play } from '../../../src/lab/toy/play.ts';

test('steps towards the painted density, and waits if it is blank', () => {
  const play = new Play(200, 3);
  play.paint(new Float64Array(25), 5);
  assert.deepEqual([play.step().step, play.frame().js, play.frame().dead], [0, null, 0]);
  const { shares, bins } = drawn('spiral', 20);
  play.paint(shares, bins);
  const first = play.step();
  assert.equal(first.step, 1);
  for (let n = 0; n < 60; n++) play.step();
  const last = play.frame();
  assert.ok((last.js ?? 1) < (first.js ?? 0), `${first.js} → ${last.js}`);
  assert.notEqual(last.points, play.frame().points);
});

test('without splitting nothing is split; reproducible by seed', () => {
  const run = () => {
    const play = new Play(150, 4);
    play.split = false;
    play.paint([0, 1, 1, 0], 2);
    const frames = Array.from({ length: 20 }, () => play.step());
    assert.ok(frames.every(({ split, pruned }) => split.length + pruned.length === 0));
    return play.frame().points;
  };
  assert.deepEqual(run(), run());
});
