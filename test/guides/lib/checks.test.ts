/** The checks find what is wrong with guides that are. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { z } from 'zod';
import { checkGuide } from '../../../guides/lib/checks.ts';
import { type Candidates, defineGuide, type Guide } from '../../../src/guide.ts';
import { fakeContext } from '../fake-context.ts';

const params = z.strictObject({ size: z.number().default(1).describe('Anything.') });

function made(guide: Guide, more: { params?: z.ZodType } = {}) {
  return defineGuide({ name: 'wrong', description: 'A guide that is wrong.', params, create: () => guide, ...more });
}

function firstOf({ data, batch, count, channels, side }: Candidates): Float32Array {
  return Float32Array.from({ length: batch * count }, (_, n) => data[n * channels * side * side] as number);
}

async function problemsOf(definition: ReturnType<typeof made>): Promise<string> {
  const results = await checkGuide(definition, { context: (model) => fakeContext({ model }) });
  return results.flatMap(({ problem }) => problem ?? []).join('\n');
}

it('passes a correct guide', async () => {
  assert.equal(await problemsOf(made({ score: firstOf })), '');
});

const cases: [string, Guide, RegExp][] = [
  ['too few scores', { score: () => new Float32Array(1) }, /one number per candidate/],
  ['plain arrays', { score: (c) => [...firstOf(c)] as unknown as Float32Array }, /must return a Float32Array/],
  ['NaN', { score: (c) => firstOf(c).fill(Number.NaN) }, /score 0 is NaN, expected a finite number/],
  [
    'writing to the candidates',
    { score: (c) => firstOf({ ...c, data: c.data.fill(0) }) },
    /candidates\.data was written to/,
  ],
  ['chance', { score: (c) => firstOf(c).map(() => Math.random()) }, /asked again, it answers otherwise/],
  [
    'comparing with the others',
    { score: (c) => firstOf(c).map((score, n, all) => score - (all[0] as number) + n) },
    /in other company/,
  ],
  [
    'a false linear form',
    {
      score: firstOf,
      linear: ({ side }) => ({
        outChannels: 3,
        height: side,
        width: side,
        target: new Float32Array(3 * side * side),
        scale: 1,
      }),
    },
    /score and linear disagree/,
  ],
  [
    'impossible wishes',
    { score: firstOf, prefers: { fromSide: 16, toSide: 8, shortlist: 0 } },
    /prefers\.shortlist is 0/,
  ],
];
for (const [name, guide, message] of cases)
  it(`finds ${name}`, async () => assert.match(await problemsOf(made(guide)), message));

it('finds params that are undocumented, or accept anything', async () => {
  const loose = z.object({ size: z.number().default(1) });
  const problems = await problemsOf(made({ score: firstOf }, { params: loose }));
  assert.match(problems, /params\.size has no description/);
  assert.match(problems, /an unknown field was accepted/);
});
