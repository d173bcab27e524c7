import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../src/kit/random.ts';

const PINNED = {
  zero: [1881745904, 3301576264, 1413687909, 862853527],
  last: [2885714927, 3346778658, 1299828291, 2515806246],
};

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.bits());

test('equals the C reference, xoshiro128starstar.c 1.1 with s = {1, 2, 3, 4}', () => {
  const expected = [
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ];
  assert.deepEqual(draw(Random.fromState([1, 2, 3, 4]), 10), expected);
});

test('a seed always yields the same numbers (pinned)', () => {
  assert.deepEqual(draw(Random.of(7), 3), draw(Random.of(7), 3));
  assert.deepEqual(draw(Random.of(0), 4), PINNED.zero);
  assert.deepEqual(draw(Random.of(2 ** 53 - 1, 3), 4), PINNED.last);
});

test('adjacent seeds and streams are independent', () => {
  const firsts = new Set<number>();
  for (let seed = 0; seed < 100; seed++)
    for (let stream = 0; stream < 10; stream++) firsts.add(Random.of(seed, stream).bits());
  assert.ok(firsts.size > 995);
  assert.notDeepEqual(draw(Random.of(1), 4), draw(Random.of(1, 0), 4));
  assert.notDeepEqual(draw(Random.of(1), 4), draw(Random.of(1 + 2 ** 32), 4));
});

test('a split generator is independent', () => {
  const parent = Random.of(5);
  const child = parent.split();
  const theirs = draw(child, 8);
  assert.deepEqual(theirs, draw(Random.of(5).split(), 8));
  assert.equal(draw(parent, 8).filter((word) => theirs.includes(word)).length, 0);
});

test('uniform() has mean 1/2 and variance 1/12, and stays inside [0, 1)', () => {
  const random = Random.of(1);
  const values = Array.from({ length: 100_000 }, () => random.uniform());
  assert.ok(values.every((value) => value >= 0 && value < 1));
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(mean - 0.5) < 0.004);
  assert.ok(Math.abs(variance - 1 / 12) < 0.002);
});

test('integer(n) is uniform', () => {
  const random = Random.of(2);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[random.integer(7)] = (counts[random.integer(7)] ?? 0) + 1;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  assert.ok(chiSquare < 22.5, `chi² ${chiSquare} with 6 degrees of freedom; 22.5 is passed once in 1,000`);
  assert.equal(random.integer(1), 0);
  for (const wrong of [0, -1, 1.5, Number.NaN]) assert.throws(() => random.integer(wrong), RangeError);
});

test('normal() has mean 0 and standard deviation 1', () => {
  const random = Random.of(3);
  const values = Array.from({ length: 50_000 }, () => random.normal());
  const mean = values.reduce((a, b) => a + b) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(deviation - 1) < 0.02);
});

test('shuffle() keeps the items and reaches every order', () => {
  const random = Random.of(4);
  const orders = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = random.shuffle([1, 2, 3]).join('');
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  assert.equal(orders.size, 6);
  for (const count of orders.values()) assert.ok(Math.abs(count - 1000) < 150);
});
