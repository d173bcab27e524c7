import assert from 'node:assert/strict';
import { it } from 'node:test';
import { contrasted, excluded, judged, judgedAbsent } from '../../../../guides/lib/clip/likelihoods.ts';

const close = (one: number, other: number) => assert.ok(Math.abs(one - other) < 1e-9, `${one}, expected ${other}`);
const none = { contrasts: [], rivals: [] };

it('a phrase as likely as its rival has even odds; a text that fits everything counts for less', () => {
  close(contrasted(0.5, { ...none, rivals: [0.5] }, 10), Math.log(0.5) / 10);
  close(contrasted(0.6, { ...none, rivals: [0.5] }, 10), Math.log(1 / (1 + Math.exp(-1))) / 10);
  close(contrasted(0.5, { ...none, contrasts: [0.5] }, 10), Math.log(1 / (1 + Math.exp(-1.5))) / 10);
  close(contrasted(0.5, { contrasts: [0.5], rivals: [0.5] }, 10), Math.log(1 / (2 + Math.exp(-1.5))) / 10);
  assert.equal(contrasted(0.3, none, 10), 0.3);
});

it('an exclusion costs much where the phrase fits, and nothing gains by being still less like it', () => {
  close(excluded(0.4, [0.5], 10), Math.log(1 - Math.exp(-1)) / 10);
  close(excluded(0.5, [0.5], 10), Math.log(0.01) / 10);
  assert.equal(excluded(0.9, [0.5], 10), excluded(0.5, [0.5], 10));
  assert.ok(excluded(-0.5, [0.5], 10) - excluded(0, [0.5], 10) < 1e-3);
  close(excluded(0.5, [0.5, 0.9], 10), Math.log(1 - 2 / (1 + Math.exp(4))) / 10);
  assert.equal(excluded(0.3, [], 10), -0.3);
});

it('a sigmoid gives both probabilities', () => {
  const sigmoid = { scale: 10, bias: -3 };
  close(Math.exp(10 * judged(0.4, sigmoid)) + Math.exp(10 * judgedAbsent(0.4, sigmoid)), 1);
  assert.ok(judged(0.9, sigmoid) > judged(0.4, sigmoid));
});
