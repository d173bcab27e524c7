import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance, nameHint, nearestNames } from '../../src/kit/nearest-names.ts';

const GUIDES = ['text', 'target', 'inpaint', 'super_resolution', 'colorize', 'denoise', 'style', 'color'];

test('edit distance counts a transposition as one', () => {
  assert.equal(editDistance('', 'abc'), 3);
  assert.equal(editDistance('kitten', 'sitting'), 3);
  assert.equal(editDistance('txet', 'text'), 1);
  assert.equal(editDistance('same', 'same'), 0);
});

test('nearest names, closest first', () => {
  assert.deepEqual(nearestNames('txet', GUIDES)[0], 'text');
  assert.deepEqual(nearestNames('impaint', GUIDES), ['inpaint']);
  assert.deepEqual(nearestNames('SuperResolution', GUIDES), ['super_resolution']);
  assert.deepEqual(nearestNames('resolution', GUIDES), ['super_resolution']);
  assert.deepEqual(nearestNames('avatars', ['digits-32', 'avatars-64']), ['avatars-64']);
  assert.deepEqual(nearestNames('zzzzzzzz', GUIDES), []);
});

test('a hint lists close names, otherwise all, otherwise none', () => {
  assert.equal(nameHint('styel', GUIDES), 'Did you mean "style"?');
  assert.equal(nameHint('zzzzzzzz', ['b', 'a']), 'There are: a, b.');
  assert.equal(nameHint('x', []), 'There are none.');
});
