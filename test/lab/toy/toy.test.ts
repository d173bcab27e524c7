import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/kit/random.ts';
import { densityOf, sample } from '../../../src/lab/toy/density.ts';
import { DRAWINGS, type DrawingName, drawn } from '../../../src/lab/toy/drawings.ts';
import { toyFigures } from '../../../src/lab/toy/figures.ts';
import { Nearest } from '../../../src/lab/toy/nearest.ts';
import { Nodes } from '../../../src/lab/toy/nodes.ts';

const NAMES = Object.keys(DRAWINGS) as DrawingName[];

test('the grid finds the same neighbours as exhaustive search', () => {
  const random = Random.of(1);
  const crowded = () => random.uniform() ** 3;
  const points = Float64Array.from({ length: 600 }, crowded);
  const nearest = new Nearest(points);
  for (let n = 0; n < 500; n++) {
    const [x, y] = [random.uniform(), random.uniform()];
    const far = Array.from({ length: 300 }, (_, i) =>
      Math.hypot((points[2 * i] ?? 0) - x, (points[2 * i + 1] ?? 0) - y),
    );
    assert.equal(nearest.of(x, y), far.indexOf(Math.min(...far)));
  }
  assert.equal(new Nearest(Float64Array.of(0.9, 0.9)).of(0, 0), 0);
});

test('samples follow the density and avoid empty bins', () => {
  const density = densityOf([0, 3, 0, 1], 2);
  const points = sample(density, 4000, Random.of(2));
  const { kl, tv } = toyFigures(points, density);
  assert.ok(tv < 0.03 && kl < 0.01, `${tv} ${kl}`);
});

test('a blank or invalid density is refused', () => {
  assert.throws(() => densityOf([0, 0, 0, 0], 2), /blank: draw where points should be/);
  assert.throws(() => densityOf([1, -1, 0, 0], 2), RangeError);
  assert.throws(() => densityOf([1, Number.NaN, 0, 0], 2), RangeError);
  assert.throws(() => densityOf([1, 1], 2), RangeError);
});

test('figures: zero for a match, maximal for disjoint support', () => {
  const density = densityOf([1, 1, 0, 0], 2);
  assert.deepEqual(toyFigures(Float64Array.of(0.2, 0.2, 0.7, 0.3), density), { kl: 0, js: 0, tv: 0 });
  const missed = toyFigures(Float64Array.of(0.2, 0.7, 0.7, 0.8), density);
  assert.ok(Math.abs(missed.kl - Math.log(0.5 / 1e-24)) < 1e-9);
  assert.ok(Math.abs(missed.js - Math.LN2) < 1e-12 && missed.tv === 1);
});

for (const name of NAMES)
  test(`${name}: Split-and-Prune beats plain descent and comes close to real samples`, () => {
    const density = drawn(name, 50);
    const learn = (split: boolean) => {
      const random = Random.of(3);
      const nodes = new Nodes(400, random, { split });
      for (let step = 0; step < 60; step++) nodes.step(sample(density, 1600, random));
      return toyFigures(nodes.points, density);
    };
    const [plain, split] = [learn(false), learn(true)];
    const real = toyFigures(sample(density, 400, Random.of(4)), density);
    assert.ok(split.kl < plain.kl && split.js < plain.js && split.tv < plain.tv, JSON.stringify({ plain, split }));
    assert.ok(split.js <= 1.3 * real.js, `${split.js} ${real.js}`);
  });

test('dead nodes are revived, and splits and prunes are reported', () => {
  const density = drawn('gaussian', 25);
  const random = Random.of(5);
  const nodes = new Nodes(200, random, { split: false });
  nodes.points.fill(0.001, 0, 200);
  const run = () => Array.from({ length: 40 }, () => nodes.step(sample(density, 800, random)));
  assert.ok(run().every(({ split }) => split.length === 0));
  assert.ok(nodes.dead > 0.4);
  nodes.split = true;
  const pruned = new Set(run().flatMap((moves) => moves.pruned));
  assert.ok(pruned.size >= 90);
  assert.ok(nodes.dead < 0.02, String(nodes.dead));
});

test('a network follows a changing density; reproducible by seed', () => {
  const run = () => {
    const random = Random.of(6);
    const nodes = new Nodes(300, random);
    for (const density of [drawn('spiral', 25), drawn('words', 25)])
      for (let step = 0; step < 50; step++) nodes.step(sample(density, 1200, random));
    return nodes.points;
  };
  const points = run();
  assert.deepEqual(points, run());
  assert.ok(toyFigures(points, drawn('words', 25)).tv < 0.5);
});
