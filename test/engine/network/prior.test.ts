import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Row, START, type State } from '../../../src/engine/network/network.ts';
import { certainNoise } from '../../../src/engine/search/prior-paths.ts';
import { priorNetwork, tinyNetwork } from '../tiny.ts';

/** Computed by torch: `scripts/train_prior.py --random --vectors`. */
const vectors = JSON.parse(readFileSync('test/fixtures/prior/vectors.json', 'utf8')) as {
  readonly noise: number[][];
  readonly codes: number[][];
  readonly logPrior: number[][];
  readonly image: number[][];
};

const network = await priorNetwork();

function assertNear(got: ArrayLike<number>, expected: readonly number[], tolerance = 1e-4): void {
  assert.equal(got.length, expected.length);
  for (const [i, value] of expected.entries())
    assert.ok(Math.abs((got[i] as number) - value) < tolerance, `${i}: ${got[i]} for ${value}`);
}

test('whole descents with given noise: codes, probabilities and pictures equal those of torch', async () => {
  const noise = vectors.noise.map((one) => Float32Array.from(one));
  const paths = await network.descend(noise, [null, null, null]);
  assert.deepEqual(
    paths.map(({ code }) => code),
    vectors.codes,
  );
  for (const [i, { code, logPrior, images }] of paths.entries()) {
    const all = vectors.logPrior[i] as number[];
    assertNear(
      logPrior,
      code.map((choice, level) => all[4 * level + choice] as number),
    );
    assertNear(images.at(-1) as Float32Array, vectors.image[i] as number[]);
  }
});

test('probabilities level by level are the same, and sum to 1', async () => {
  let states: readonly State[] = vectors.codes.map(() => START);
  for (let level = 0; level < 4; level++) {
    const rows = states.map((state): Row => ({ state, condition: null }));
    const { features, candidates, logPrior } = await network.runLevel(level, rows, 1, true);
    assert.ok(logPrior);
    assert.deepEqual(logPrior.dims, [3, 4]);
    for (const row of [0, 1, 2]) {
      const found = logPrior.data.subarray(4 * row, 4 * row + 4);
      assertNear(found, (vectors.logPrior[row] as number[]).slice(4 * level, 4 * level + 4));
      assert.ok(Math.abs(found.reduce((sum, log) => sum + Math.exp(log), 0) - 1) < 1e-5);
    }
    const size = candidates.data.length / 12;
    states = states.map(({ code }, row) => {
      const choice = vectors.codes[row]?.[level] as number;
      const predict = candidates.data.slice((row * 4 + choice) * size, (row * 4 + choice + 1) * size);
      return { code: [...code, choice], from: { features, row }, predict, logPrior: 0 };
    });
  }
});

test('certain noise forces a whole code', async () => {
  const code = [3, 0, 2, 1];
  const [path] = await network.descend([certainNoise(network.info, code)], [null]);
  assert.deepEqual(path?.code, code);
  const [picture] = await network.decode([code]);
  assertNear(path?.images.at(-1) as Float32Array, [...(picture?.data ?? [])]);
});

test('a network without a prior returns no probabilities and refuses whole descents', async () => {
  const plain = await tinyNetwork();
  assert.equal((await plain.runLevel(0, [{ state: START, condition: null }], 1, true)).logPrior, null);
  await assert.rejects(plain.descend([new Float32Array(16)], [null]), /tiny has no prior/);
});
