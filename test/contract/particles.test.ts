import assert from 'node:assert/strict';
import { test } from 'node:test';
import { particlesOf, particlesPerLevel } from '../../src/contract/particles.ts';

test('particles by side never become more, and are one where no guide is asked any more', () => {
  const sides = [4, 4, 8, 8, 16];
  assert.deepEqual(particlesPerLevel(1, sides, 5), [1, 1, 1, 1, 1]);
  assert.deepEqual(particlesPerLevel(3, sides, 5), [3, 3, 3, 3, 3]);
  assert.deepEqual(particlesPerLevel(3, sides, 3), [3, 3, 3, 1, 1]);
  assert.deepEqual(particlesPerLevel({ 4: 4, 8: 2 }, sides, 5), [4, 4, 2, 2, 1]);
  assert.deepEqual(particlesPerLevel({ 8: 2, 16: 9 }, sides, 5), [1, 1, 1, 1, 1]);
  assert.deepEqual(particlesPerLevel(3, sides, 0), [1, 1, 1, 1, 1]);
});

test('a request that does not say has the particles that its expensive guides agree on', () => {
  const usual = { count: 4, hasPrior: true, guides: [{ 4: 2 }, 3] };
  assert.deepEqual(particlesOf(usual), { 4: 2 });
  assert.equal(particlesOf({ ...usual, particles: 5 }), 5);
  assert.equal(particlesOf({ ...usual, guides: [{ 4: 2 }, undefined] }), 1, 'a person is not asked twice as much');
  assert.equal(particlesOf({ ...usual, guides: [] }), 1);
  assert.equal(particlesOf({ ...usual, hasPrior: false }), 1);
  assert.equal(particlesOf({ ...usual, beams: { 4: 3 } }), 1, 'beams are a search of their own');
  assert.equal(particlesOf({ ...usual, beams: 1, count: 17 }), 1);
});
