import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AVATAAARS } from '../../../src/lab/datasets/styles/avataaars.ts';
import { PROMPTS } from '../../../src/lab/evaluate/prompts.ts';
import { accepts, countHits, evenly } from '../../../src/lab/evaluate/tasks/text.ts';
import { promptOf } from '../../../src/lab/evaluate/tasks/text-inpaint.ts';

test('200 different prompts, fifty of each size, with existing values', () => {
  assert.equal(PROMPTS.length, 200);
  assert.equal(new Set(PROMPTS.map(([text]) => text)).size, 200);
  const sizes = PROMPTS.map(([, wants]) => Object.keys(wants).length);
  for (const size of [1, 2, 3, 4]) assert.equal(sizes.filter((one) => one === size).length, 50);
  for (const [text, wants] of [...PROMPTS, ...Array.from({ length: 60 }, (_, i) => promptOf(i))])
    for (const [attribute, accepted] of Object.entries(wants)) {
      const values = AVATAAARS.attributes[attribute as keyof typeof AVATAAARS.attributes];
      for (const value of accepted.split('|')) assert.ok(value in values, `${text}: ${attribute} ${value}`);
    }
});

test('every attribute is covered', () => {
  const asked = new Set(PROMPTS.flatMap(([, wants]) => Object.keys(wants)));
  assert.deepEqual([...asked].sort(), Object.keys(AVATAAARS.attributes).sort());
});

test('prompts for the upper half', () => {
  assert.match(promptOf(0)[0], /^a person wearing an? /);
  assert.deepEqual(promptOf(5), promptOf(5));
  for (let i = 0; i < 60; i++) assert.doesNotMatch(promptOf(i)[0], /%|undefined|\ba [aeio]/);
});

test('hits: any of the accepted values, the rate over all named attributes', () => {
  assert.ok(accepts('a|b', 'b') && !accepts('a|b', 'c') && !accepts('a', undefined));
  const rows = [
    ['one', { mouth: 'sad' }],
    ['two', { mouth: 'sad', top: 'bun|bob' }],
  ] as const;
  const verdicts = [
    { mouth: 'sad', top: 'bob' },
    { mouth: 'open', top: 'bob' },
  ];
  const { rate, attributes } = countHits(rows, (i) => [verdicts[i] ?? {}]);
  assert.equal(rate, 2 / 3);
  assert.deepEqual(
    [...attributes],
    [
      ['mouth', [1, 0]],
      ['top', [1]],
    ],
  );
  assert.equal(countHits(rows, () => verdicts).rate, (0.5 + 0.5 + 1) / 3);
});

test('fewer prompts are evenly spaced', () => {
  assert.deepEqual(evenly([0, 1, 2, 3, 4, 5, 6, 7], 4), [0, 2, 4, 6]);
  assert.deepEqual(evenly([0, 1], 4), [0, 1]);
});
