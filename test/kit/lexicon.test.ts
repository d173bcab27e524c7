import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lexicon } from '../../src/kit/lexicon.ts';
import { readLexicon } from '../../src/kit/lexicon-files.ts';

const parts = await readLexicon('models/avatars-clip');
assert.ok(parts);
const lexicon = new Lexicon(parts);

const UNKNOWN: readonly [text: string, unknown: readonly string[]][] = [
  ['a castle on a hill', ['castle', 'hill']],
  ['xqzzt', ['xqzzt']],
  ['a woman with red hair and round glasses', []],
  ['Smiling, red-haired LADY; winking!', []],
  ['a bearded man, in the hoodies', []],
  ['hijab, turban, dreadlocks, tears', []],
  ['城 a person', ['城']],
  ['castle castle', ['castle']],
  ['constructor', ['constructor']],
  ['a man who has red hair', []],
  ['an old woman, two men', ['two']],
  ['', []],
];

for (const [text, unknown] of UNKNOWN)
  test(`unknown words: ${text || '(none)'}`, () => assert.deepEqual(lexicon.read(text).unknown, unknown));

const READ: readonly [text: string, read: string][] = [
  ['a man with specs', 'a man with glasses'],
  ['a crying woman', 'a woman with crying eyes'],
  ['weeping', 'crying eyes'],
  ['a woman with crying eyes', 'a woman with crying eyes'],
  ['a ginger man', 'a man with ginger hair'],
  ['ginger hair', 'ginger hair'],
  ['a ginger beard', 'a ginger beard'],
  ['a redhead', 'red hair'],
  ['two women', 'two woman'],
  ['an elderly man', 'an man'],
  ['a grandfather', 'a man'],
];

for (const [text, read] of READ)
  test(`replaced by known words: ${text}`, () => assert.equal(lexicon.read(text).text, read));

const IMPLIED: readonly [text: string, implied: readonly string[]][] = [
  ['a crying woman', ['without glasses']],
  ['a weeping man with red hair', ['without glasses']],
  ['a man with a wink', ['without glasses']],
  ['a crying woman with specs', []],
  ['a crying woman without sunglasses', []],
  ['a sad woman', []],
  ['an old man', ['gray hair']],
  ['a grandmother', ['gray hair']],
  ['an old man with red hair', []],
];

for (const [text, implied] of IMPLIED)
  test(`goes without saying: ${text}`, () => assert.deepEqual(lexicon.impliedBy(text), implied));

test('says something: any word that is known or implies something, beside articles and the like', () => {
  for (const text of ['a man', 'xqzzt red', 'a weeping', 'granny']) assert.ok(lexicon.read(text).isMeaningful, text);
  for (const text of ['', 'a castle', 'of the with', 'xqzzt', '   ']) assert.ok(!lexicon.read(text).isMeaningful, text);
});

test('every synonym maps to known words', () => {
  for (const text of [
    ...Object.values(parts.synonyms),
    ...Object.values(parts.traits),
    ...parts.implied.map(({ phrase }) => phrase),
  ])
    assert.deepEqual(lexicon.read(text).unknown, [], text);
});

test('suggests similarly spelt words, otherwise common ones', () => {
  assert.ok(lexicon.offers('glases').includes('glasses'));
  assert.ok(lexicon.offers('sunglases').includes('sunglasses'));
  const offered = ['castle', 'hill', 'xqzzt', ''].map((word) => lexicon.offers(word));
  for (const offers of offered) {
    assert.equal(offers.length, 6);
    assert.deepEqual(lexicon.read(offers.join(' ')).unknown, []);
  }
  assert.notDeepEqual(offered[0], offered[1]);
});

test('completes the word being typed', () => {
  assert.ok(lexicon.completions('a man with dreadl', 4).some((text) => /dreadlocks/.test(text)));
  assert.deepEqual(lexicon.completions('a man ', 4), []);
});

test('a tokenizer with subwords has no lexicon', async () => {
  assert.equal(await readLexicon('models/tiny'), null);
});
