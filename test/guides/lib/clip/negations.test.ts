import assert from 'node:assert/strict';
import { it, test } from 'node:test';
import { absenceOf, absencesIn, affirmed } from '../../../../guides/lib/clip/negations.ts';

const absences = absencesIn([
  ['a person without glasses', 'a person with no glasses', 'a person wearing round glasses'],
  ['a person with no facial hair', 'a person without a beard', 'a person with a full beard'],
]);

const AFFIRMED: readonly [prompt: string, text: string, excluded: readonly string[]][] = [
  ['a man who is not smiling', 'a man', ['smiling']],
  ["a woman who isn't smiling and has red hair", 'a woman and has red hair', ['smiling']],
  ['a woman, not smiling, with red hair', 'a woman, with red hair', ['smiling']],
  ['a man not wearing a hat', 'a man', ['a hat']],
  ['a man wearing no hat', 'a man', ['hat']],
  ['a man without glasses or a hat', 'a man without glasses', ['a hat']],
  ['a man with red hair but no beard', 'a man with red hair but without a beard', []],
  ['a person with no facial hair, happy', 'a person with no facial hair, happy', []],
  ['green beard, no hair, blue skin', 'green beard, blue skin', ['hair']],
  ['no hat', '', ['hat']],
  ['not a woman', '', ['a woman']],
  ['a note on a knot', 'a note on a knot', []],
  ['a nose  and   a nod', 'a nose and a nod', []],
];

for (const [prompt, text, excluded] of AFFIRMED)
  test(`taken out of "${prompt}": ${excluded.join(', ') || 'nothing'}`, () =>
    assert.deepEqual(affirmed(prompt, absences), { text, excluded }));

it('finds what the vocabulary says of an absence', () => {
  assert.deepEqual(
    ['glasses', 'a beard', 'wearing glasses', 'Facial Hair', 'a hat'].map((thing) => absenceOf(thing, absences)),
    ['without glasses', 'without a beard', 'without glasses', 'with no facial hair', undefined],
  );
});

it('reads long prompts in linear time', () => {
  const begun = performance.now();
  for (const one of ['not ', ' ', 'who is ', 'no a ', ', and ']) affirmed(one.repeat(5000), absences);
  assert.ok(performance.now() - begun < 2000);
});
