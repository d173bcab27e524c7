import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import {
  readVocabulary,
  rivalsOf,
  secondVariants,
  variantsOf,
  withOtherMeaning,
} from '../../../../guides/lib/clip/rivals.ts';
import { GuideProblem } from '../../../../src/guide.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-rivals-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A unit vector in the plane at an angle in degrees. */
const at = (degrees: number) =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));

it('uses the group of the nearest text, without synonyms', () => {
  const [same, alike, other, opposite] = [at(0), at(10), at(40), at(180)];
  const groups = [
    [at(25), at(90)],
    [same, alike, other, opposite],
  ];
  assert.deepEqual(rivalsOf(at(1), groups), { group: 1, vectors: [other, opposite] });
});

it('finds no rivals for texts outside all groups', () => {
  const none = { group: -1, vectors: [] };
  assert.deepEqual(rivalsOf(at(0), [[at(60), at(90)]]), none);
  assert.deepEqual(rivalsOf(at(0), []), none);
});

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

it('reads the groups of a vocabulary; none without a file', async () => {
  const path = join(folder, 'vocabulary.json');
  assert.deepEqual(await readVocabulary(folder), []);
  writeFileSync(path, '{"hair": ["red hair", "black hair"], "eyes": ["open", "closed"]}');
  assert.deepEqual(await readVocabulary(folder), [
    ['red hair', 'black hair'],
    ['open', 'closed'],
  ]);
});

it('reports the expected form of a vocabulary', async () => {
  const path = join(folder, 'vocabulary.json');
  for (const text of ['', '{', '[]', '{"hair": []}', '{"hair": ["red"]}', '{"hair": ["red", 3]}']) {
    writeFileSync(path, text);
    await assert.rejects(
      () => readVocabulary(folder),
      (error: Error) => error instanceof GuideProblem && /expected an object of groups/.test(error.message),
      text,
    );
  }
});
