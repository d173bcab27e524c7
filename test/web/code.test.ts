import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeToString } from '../../src/contract/codes.ts';
import { Random } from '../../src/kit/random.ts';
import { codeText, parseCode } from '../../src/web/state/code.ts';
import { parseRecipe, titleOf } from '../../src/web/state/recipe.ts';

const SHAPES = [Array(39).fill(64), Array(10).fill(8), [2, 3, 5, 64, 1, 512], [16]];

test('codes are encoded and parsed as by the engine', () => {
  const random = Random.of(1);
  for (const candidates of SHAPES) {
    const levels = candidates.map((count) => ({ candidates: count }));
    for (let n = 0; n < 50; n++) {
      const code = candidates.map((count) => random.integer(count));
      const text = codeText(code, levels);
      assert.equal(text, codeToString(code, candidates));
      assert.deepEqual(parseCode(text, levels), code);
    }
  }
});

test('invalid codes are refused', () => {
  const levels = [{ candidates: 5 }, { candidates: 64 }];
  assert.equal(parseCode('', levels), null);
  assert.equal(parseCode('A', levels), null);
  assert.equal(parseCode('!!!!', levels), null);
  assert.equal(parseCode('_w', levels), null);
});

test('a recipe from a link is used as far as it is valid', () => {
  assert.equal(parseRecipe('text'), null);
  assert.equal(parseRecipe({ guides: [{ name: 1 }] }), null);
  const read = parseRecipe({ guides: [], count: 1e9, seed: -1, prefix: ['x'], other: true });
  assert.deepEqual(read, { guides: [], count: 64, seed: null, sampler: {} });
  const guides = [{ name: 'text', weight: 1, params: { prompt: 'a hat' } }];
  assert.equal(titleOf({ guides }), 'a hat');
  assert.equal(titleOf({ guides, byHand: true }), 'chosen by hand: a hat');
  assert.equal(titleOf({ guides: [] }), 'at random');
});
