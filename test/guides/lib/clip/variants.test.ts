import assert from 'node:assert/strict';
import { it } from 'node:test';
import { secondVariants, variantsOf, withOtherMeaning } from '../../../../guides/lib/clip/variants.ts';

/** A unit vector in the plane at an angle in degrees. */
const at = (degrees: number) =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));

const KINDS = ['a beard', 'a goatee', 'a black moustache'];
const COLOURS = ['a person with a black beard', 'a person with a brown beard', 'a person with an auburn beard'];

it('varies a phrase by the one place in which the texts of a group differ', () => {
  const said = ['a thick black moustache', 'black', 'a beard'].map((text) => variantsOf(text, COLOURS));
  assert.deepEqual(said, [
    [null, 'a thick brown moustache', 'a thick auburn moustache'],
    [null, 'brown', 'auburn'],
    [],
  ]);
  assert.deepEqual(variantsOf('a black moustache', ['black hair', 'a wink']), []);
});

it('a phrase of one group competes by what it says of another, unless it is of that group or far from it', () => {
  const vocabulary = [KINDS, COLOURS];
  const vectors = [
    [at(90), at(120), at(0)],
    [at(20), at(60), at(100)],
  ];
  const variants = (text: string, group: number, phrase = at(0)) =>
    secondVariants(text, phrase, group, { vocabulary, vectors });
  assert.deepEqual(variants('a black moustache', 0), ['a brown moustache', 'a auburn moustache']);
  assert.deepEqual(variants('a black moustache', 0, at(110)), []);
  assert.deepEqual(variants('a black beard', 1), []);
  assert.deepEqual(variants('a black moustache', -1), []);
  assert.deepEqual(withOtherMeaning(at(0), [at(5), at(40)]), [at(40)]);
});
