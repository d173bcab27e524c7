import assert from 'node:assert/strict';
import { test } from 'node:test';
import { particlesOf, populationPerLevel } from '../../src/contract/particles.ts';

test('particles by side never increase, and equal the results after the last guided level', () => {
  const sides = [4, 4, 8, 8, 16];
  assert.deepEqual(populationPerLevel(1, sides, { count: 1, asked: 5 }), [1, 1, 1, 1, 1]);
  assert.deepEqual(populationPerLevel(3, sides, { count: 1, asked: 5 }), [3, 3, 3, 3, 3]);
  assert.deepEqual(populationPerLevel(3, sides, { count: 1, asked: 3 }), [3, 3, 3, 1, 1]);
  assert.deepEqual(populationPerLevel({ 4: 4, 8: 2 }, sides, { count: 1, asked: 5 }), [4, 4, 2, 2, 1]);
  assert.deepEqual(populationPerLevel({ 8: 2, 16: 9 }, sides, { count: 1, asked: 5 }), [1, 1, 1, 1, 1]);
  assert.deepEqual(populationPerLevel(3, sides, { count: 1, asked: 0 }), [1, 1, 1, 1, 1]);
  assert.deepEqual(populationPerLevel({ 4: 3, 8: 1.5 }, sides, { count: 4, asked: 5 }), [12, 12, 6, 6, 4]);
  assert.deepEqual(populationPerLevel({ 4: 3, 8: 1.5 }, sides, { count: 1, asked: 5 }), [3, 3, 2, 2, 1]);
});

test('the default is the number that all expensive guides of a request state', () => {
  const usual = { count: 4, hasPrior: true, guides: [{ 4: 2 }, 3] };
  assert.deepEqual(particlesOf(usual), { 4: 2 });
  assert.equal(particlesOf({ ...usual, particles: 5 }), 5);
  assert.equal(particlesOf({ ...usual, guides: [{ 4: 2 }, undefined] }), 1, 'a person is not asked twice as much');
  assert.equal(particlesOf({ ...usual, guides: [] }), 1);
  assert.equal(particlesOf({ ...usual, hasPrior: false }), 1);
  assert.equal(particlesOf({ ...usual, beams: { 4: 3 } }), 1, 'beams are a search of their own');
  assert.equal(particlesOf({ ...usual, beams: 1, count: 17 }), 1);
});
