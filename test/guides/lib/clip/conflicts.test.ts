import assert from 'node:assert/strict';
import { it, test } from 'node:test';
import { exclusivePairs, impossibleIn } from '../../../../guides/lib/clip/conflicts.ts';
import { readVocabulary } from '../../../../guides/lib/clip/rivals.ts';

const vocabulary = await readVocabulary('models/avatars-clip');

const READ: readonly [phrase: string, instead: string | null][] = [
  ['a green beard', 'a beard'],
  ['a man with a Light Green beard', 'a man with a beard'],
  ['blue skin', 'skin'],
  ['orange glasses', 'glasses'],
  ['dark brown hair', null],
  ['long red hair', null],
  ['a blonde person', null],
  ['red glasses', null],
  ['wearing green clothes', null],
  ['a light blue background', null],
  ['round glasses', null],
  ['hair', null],
  ['green', null],
];

for (const [phrase, instead] of READ)
  test(`colours that a noun never has: ${phrase}`, () =>
    assert.equal(impossibleIn(phrase, vocabulary)?.instead ?? null, instead));

it('a colour of what has none is left out', () => {
  assert.equal(impossibleIn('a woman with light blue eyes', vocabulary, ['eyes'])?.instead, 'a woman with eyes');
  assert.equal(impossibleIn('closed eyes', vocabulary, ['eyes']), null);
  assert.equal(impossibleIn('blue eyes', vocabulary), null);
});

it('says which colours there are', () => {
  assert.ok(impossibleIn('a green beard', vocabulary)?.known.includes('auburn'));
  assert.equal(impossibleIn('a green beard', []), null);
});

it('phrases of one group exclude each other, unless they mean the same', () => {
  const at = (text: string, group: number, ...vector: number[]) => ({ text, group, vector: Float32Array.from(vector) });
  const phrases = [
    at('dark', 0, 1, 0),
    at('black', 0, 0.98, 0.2),
    at('pale', 0, 0, 1),
    at('far', -1, 0, 1),
    at('hat', 1, 0, 1),
  ];
  assert.deepEqual(exclusivePairs(phrases), [
    ['dark', 'pale'],
    ['black', 'pale'],
  ]);
});
