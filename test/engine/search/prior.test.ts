import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Code } from '../../../src/contract/codes.ts';
import { certainNoise } from '../../../src/engine/search/prior-paths.ts';
import { eventsOf } from '../../../src/engine/search/run.ts';
import { bright, codesOf, collect, descentOf, mean, type PlanOptions, priorNetwork, scoring } from '../tiny.ts';

const network = await priorNetwork();

/** The sampler of a request without guides. */
const DRAWN = { top: Number.POSITIVE_INFINITY, temperature: 1, prior: 1 };
const LIKELIEST = { top: 1, temperature: 0, prior: 1 };

async function codes(options: PlanOptions): Promise<number[][]> {
  return codesOf(await collect(eventsOf(network, descentOf(network, options))));
}

/** Natural log-probability of each code. */
async function logPriors(all: readonly Code[]): Promise<number[]> {
  const paths = await network.descend(
    all.map((code) => certainNoise(network.info, code)),
    all.map(() => null),
  );
  return paths.map(({ logPrior }) => logPrior.reduce((sum, log) => sum + log, 0));
}

/** All codes of the tiny network. */
const ALL: readonly Code[] = Array.from({ length: 256 }, (_, n) => [n >> 6, (n >> 4) & 3, (n >> 2) & 3, n & 3]);

test('the probabilities of all codes sum to 1', async () => {
  const sum = (await logPriors(ALL)).reduce((total, log) => total + Math.exp(log), 0);
  assert.ok(Math.abs(sum - 1) < 1e-4, `${sum}`);
});

test('without guides codes are sampled by their probability', async () => {
  const rounds = 600;
  const counts = [0, 0, 0, 0];
  for (let seed = 0; seed < rounds; seed++) {
    const [code] = await codes({ seed, sampler: DRAWN });
    counts[code?.[0] as number] = (counts[code?.[0] as number] as number) + 1 / rounds;
  }
  const logs = await logPriors(ALL);
  const expected = counts.map((_, first) =>
    logs.slice(64 * first, 64 * first + 64).reduce((sum, log) => sum + Math.exp(log), 0),
  );
  for (const [first, share] of expected.entries())
    assert.ok(Math.abs((counts[first] as number) - share) < 0.06, `${counts[first]} for ${share}`);
});

test('temperature 0 chooses the likeliest candidate of each level, for any seed', async () => {
  const [one] = await codes({ seed: 1, sampler: LIKELIEST });
  const [other] = await codes({ seed: 2, sampler: LIKELIEST });
  assert.deepEqual(one, other);
  const [path] = await network.descend([new Float32Array(16)], [null]);
  assert.deepEqual(one, path?.code);
});

test('several results are distinct, up to the number of codes', async () => {
  const drawn = await codes({ count: 256, sampler: DRAWN });
  assert.equal(new Set(drawn.map((code) => code.join())).size, 256);
});

test('beams keep the likeliest paths, not only the likeliest candidates of the last level', async () => {
  const [greedy] = await codes({ sampler: LIKELIEST });
  const [best] = await codes({ sampler: LIKELIEST, beams: [4, 16, 64, 1] });
  const [ofGreedy, ofBest, ...all] = await logPriors([greedy as Code, best as Code, ...ALL]);
  assert.ok((ofBest as number) >= (ofGreedy as number));
  assert.ok(Math.abs((ofBest as number) - Math.max(...all)) < 1e-4, 'the likeliest code of all');
});

test('guide and prior are combined: with weight 0 the guide alone, with a large weight the prior alone', async () => {
  const alone = await codes({ guides: [bright()], sampler: { top: 1, temperature: 0, prior: 0 } });
  const light = await codes({ guides: [bright()], sampler: { top: 1, temperature: 0, prior: 1e-6 } });
  const heavy = await codes({ guides: [bright()], sampler: { top: 1, temperature: 0, prior: 1e6 } });
  assert.deepEqual(light, alone);
  assert.deepEqual(heavy, await codes({ sampler: LIKELIEST }));
  assert.notDeepEqual(heavy, alone);
});

test('nearly equal log-likelihoods leave the choice to the prior, equal z-scores do not', async () => {
  const sampler = { top: 1, temperature: 0, prior: 1 };
  const chosen = async (factor: number, blend: 'zscore' | 'likelihood') =>
    await codes({ guides: [scoring((candidate) => factor * mean(candidate))], sampler, blend });
  const likeliest = await codes({ sampler: LIKELIEST });
  assert.deepEqual(await chosen(1e-6, 'likelihood'), likeliest);
  assert.deepEqual(
    await chosen(1e6, 'likelihood'),
    await codes({ guides: [bright()], sampler: { ...sampler, prior: 0 } }),
  );
  assert.deepEqual(await chosen(1e-6, 'zscore'), await chosen(1e6, 'zscore'));
  assert.notDeepEqual(await chosen(1e-6, 'zscore'), likeliest);
});

test('an expensive guide scores candidates proposed by the prior, which depend on the seed', async () => {
  const asked = async (seed: number) => {
    const seen: number[] = [];
    const guide = scoring((candidate) => seen.push(candidate[0] as number), { prefers: { shortlist: 1 } });
    await codes({ seed, guides: [guide], sampler: { top: 1, temperature: 0, prior: 0.1 } });
    return seen.slice(0, 1).join();
  };
  const first = await Promise.all(Array.from({ length: 24 }, (_, seed) => asked(seed)));
  assert.ok(new Set(first).size > 1, 'chance decides');
  const counts = new Map<string, number>();
  for (const one of first) counts.set(one, (counts.get(one) ?? 0) + 1);
  assert.ok(Math.max(...counts.values()) > 24 / 4, 'and the likely ones are asked about more often');
});
