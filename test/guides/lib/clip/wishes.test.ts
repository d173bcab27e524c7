import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readVocabulary } from '../../../../guides/lib/clip/rivals.ts';
import { readWishes, type Wording } from '../../../../guides/lib/clip/wishes.ts';
import { Lexicon, type LexiconParts } from '../../../../src/kit/lexicon.ts';
import { readLexicon } from '../../../../src/kit/lexicon-files.ts';

const folder = 'models/avatars-clip';
const known = {
  lexicon: new Lexicon((await readLexicon(folder)) as LexiconParts),
  vocabulary: await readVocabulary(folder),
};

function wishes(wording: Partial<Wording>, knowledge: Parameters<typeof readWishes>[1] = known) {
  const notes: string[] = [];
  const whole: Wording = { prompts: [], negatives: [], negativeWeight: 0.5, phrases: 'both', ...wording };
  const { wanted, unwanted } = readWishes(whole, knowledge, (note) => void notes.push(note));
  return { wanted: [...wanted], unwanted: [...unwanted], notes };
}

it('a prompt is itself and its phrases, alike in weight', () => {
  const { wanted, unwanted, notes } = wishes({ prompts: ['a sad man with red hair'] });
  assert.deepEqual(
    wanted.map(([text]) => text),
    ['a sad man', 'red hair', 'a sad man with red hair'],
  );
  assert.ok(wanted.every(([, weight]) => Math.abs(weight - 1 / Math.sqrt(3)) < 1e-9));
  assert.deepEqual([unwanted, notes], [[], []]);
});

it('phrases have the weights of their brackets, and several prompts share', () => {
  const { wanted } = wishes({ prompts: ['(red hair:2), smiling', 'a man'], phrases: 'split' });
  assert.deepEqual(
    wanted.map(([text, weight]) => [text, weight.toFixed(4)]),
    [
      ['red hair', '0.7071'],
      ['smiling', '0.3536'],
      ['a man', '0.5000'],
    ],
  );
});

it('what is negated is unwanted, or the absence that the vocabulary has words for', () => {
  const { wanted, unwanted, notes } = wishes({
    prompts: ['a man who is not smiling'],
    negatives: ['glasses', 'a hat'],
    negativeWeight: 0.6,
  });
  const rounded = (all: readonly (readonly [string, number])[]) =>
    all.map(([text, weight]) => [text, weight.toFixed(2)]);
  assert.deepEqual(rounded(wanted), [
    ['a man', '1.00'],
    ['without glasses', '0.20'],
  ]);
  assert.deepEqual(rounded(unwanted), [
    ['a hat', '0.20'],
    ['smiling', '0.20'],
  ]);
  assert.match(notes.join('\n'), /should not show: "smiling"/);
});

it('what is wanted and to be avoided at once is told; the absence of hair is a bald head', () => {
  const { notes } = wishes({ prompts: ['a man with glasses, smiling'], negatives: ['smiling'] });
  assert.match(notes.join('\n'), /"smiling" is wanted and to be avoided at once/);
  assert.deepEqual(
    wishes({ prompts: ['a beard and no hair'], phrases: 'split' }).wanted.map(([text]) => text),
    ['a beard', 'a bald head'],
  );
});

it('phrases that no picture shows lose their colour, everywhere and told once', () => {
  const { wanted, notes } = wishes({ prompts: ['a man, green beard', 'green beard'] });
  assert.deepEqual(
    wanted.map(([text]) => text),
    ['a man', 'beard', 'a man, beard'],
  );
  assert.equal(notes.filter((note) => /no picture shows "green beard", which is read as "beard"/.test(note)).length, 1);
});

it('phrases without a known word are left out, and prompts of such words alone', () => {
  assert.deepEqual(wishes({ prompts: ['a castle, red hair'], phrases: 'split' }).wanted, [['red hair', 1]]);
  const none = wishes({ prompts: ['a castle on a hill'], negatives: ['xqzzt'] });
  assert.deepEqual([none.wanted, none.unwanted], [[], []]);
  assert.match(none.notes.join('\n'), /does not know the words "castle", "hill", "xqzzt"/);
});

it('takes prompts as they are for a CLIP of which nothing is known', () => {
  const { wanted, unwanted, notes } = wishes(
    { prompts: ['a castle, not red'], negatives: ['glasses'], phrases: 'whole' },
    { lexicon: null, vocabulary: [] },
  );
  assert.deepEqual([wanted, unwanted, notes], [[['a castle, not red', 1]], [['glasses', 0.5]], []]);
});
