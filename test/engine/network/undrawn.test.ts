/** Levels that draw candidates on demand, compared with levels that draw all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formScores } from '../../../guides/lib/quadratic.ts';
import { gramScores } from '../../../src/engine/network/linear-forms.ts';
import { type Network, START, type State } from '../../../src/engine/network/network.ts';
import type { LinearForm } from '../../../src/guide.ts';
import { uniform } from '../../../src/kit/mulberry32.ts';
import { matrixOf } from '../../../src/kit/resample.ts';
import { shipped } from '../models.ts';

const next = uniform(5);
const numbers = (length: number, from = -1) => Float32Array.from({ length }, () => from + next() * (1 - from));

/** Forms of every kind: plain, and with colours mixed, pixels pooled and weighted. */
function formsAt(side: number, channels: number): Record<string, LinearForm> {
  const plain = { outChannels: channels, height: side, width: side, target: numbers(channels * side ** 2), scale: 0.3 };
  const small = Math.max(1, side / 2);
  const [rows, columns] = [matrixOf('area', small, side), matrixOf('area', 1, side)];
  const pooled = { rows, columns, outChannels: 2, height: small, width: 1, target: numbers(2 * small), scale: 2 };
  const luma = { ...plain, outChannels: 1, color: numbers(channels), target: numbers(side ** 2) };
  return {
    plain,
    weighted: { ...plain, weight: numbers(side ** 2, 0) },
    'rows alone': { ...plain, rows, height: small, target: numbers(channels * small * side) },
    'pooled and mixed': { ...pooled, color: numbers(2 * channels) },
    'mixed and weighted': { ...luma, weight: numbers(side ** 2, 0) },
  };
}

/** A row at level 0; later two, where the first and the last candidate of the row before were chosen. */
async function* levelsOf(network: Network) {
  const { condition, channels } = network.info;
  const picture = condition && numbers(condition.channels * network.finalSide ** 2);
  let states: State[] = [START];
  for (const [level, { side, candidateCount }] of network.info.levels.entries()) {
    const rows = states.map((state) => ({ state, condition: picture }));
    const drawn = await network.runLevel(level, rows);
    yield { level, side, channels, rows, drawn };
    states = [0, candidateCount - 1].map((choice) => {
      const predict = new Float32Array(drawn.size);
      drawn.drawInto(predict, 0, choice);
      const code = [...(states[0] as State).code, choice];
      return { code, from: { features: drawn.features, row: 0 }, predict, logPrior: 0 };
    });
  }
}

for (const name of ['tiny', 'digits-taiji', 'digits-32-recurrent', 'avatars-256-edges'])
  test(`${name}: undrawn scores, choices and candidates equal those of drawn candidates, for every kind of form`, async () => {
    const { network } = await shipped(name);
    for await (const { level, side, channels, rows, drawn } of levelsOf(network)) {
      const count = drawn.candidateCount;
      // Larger sides of a large model would add nothing.
      if (side > 64) break;
      const candidates = { data: drawn.candidates.data, batch: rows.length, count, channels, side };
      for (const [kind, form] of Object.entries(formsAt(side, channels))) {
        const expected = formScores(candidates, form);
        const forms = rows.map(() => [{ guide: 0, form }]);
        const found = await network.runUndrawn(level, rows, 1, { forms, weights: [1], usesPrior: false });
        for (const [row] of rows.entries()) {
          const own = expected.subarray(row * count, (row + 1) * count);
          const scores = found.scoresOf(0, row);
          for (const [k, score] of scores.entries())
            assert.ok(
              Math.abs(score - (own[k] as number)) <= 1e-5 * Math.abs(score),
              `${kind}, level ${level}, candidate ${k}: ${score}, drawn ${own[k]}`,
            );
          const best = own.indexOf(Math.max(...own));
          for (const choice of [best, count - 1]) {
            const [ours, theirs] = [new Float32Array(found.size), new Float32Array(found.size)];
            found.drawInto(ours, row, choice);
            drawn.drawInto(theirs, row, choice);
            assert.ok(
              ours.every((value, i) => Math.abs(value - (theirs[i] as number)) < 1e-4),
              `${kind}, level ${level}`,
            );
          }
        }
        found.releaseCandidates();
      }
    }
  });

test('candidates drawn on demand equal those of a run that draws all', async () => {
  const { network } = await shipped('digits-taiji');
  for await (const { level, rows, drawn } of levelsOf(network)) {
    const found = await network.runUndrawn(level, rows, 1, { forms: [], weights: null, usesPrior: false });
    for (const row of rows.keys()) {
      const data = await found.draw(row, [1, 0]);
      for (const [i, choice] of [1, 0].entries()) {
        const theirs = new Float32Array(drawn.size);
        drawn.drawInto(theirs, row, choice);
        const ours = data.subarray(i * drawn.size, (i + 1) * drawn.size);
        assert.ok(
          ours.every((value, p) => Math.abs(value - (theirs[p] as number)) < 1e-5),
          `level ${level}`,
        );
      }
    }
  }
});

test('the graphs agree with the reference implementation', async () => {
  const { network, bundle } = await shipped('tiny');
  for await (const { level, side, channels, rows } of levelsOf(network)) {
    const name = `levels.${level}.nodes.weight`;
    const nodes = (await bundle.tensors([name])).get(name)?.data as Float32Array;
    const found = await network.runUndrawn(level, rows, 1, { forms: [], weights: null, usesPrior: false });
    const predict = found.base;
    for (const [kind, form] of Object.entries(formsAt(side, channels))) {
      const forms = rows.map(() => [{ guide: 0, form }]);
      const scored = await network.runUndrawn(level, rows, 1, { forms, weights: null, usesPrior: false });
      for (const row of rows.keys()) {
        const each = found.features.data.length / rows.length;
        const features = found.features.data.subarray(row * each, (row + 1) * each);
        const base = predict.subarray((row * predict.length) / rows.length, ((row + 1) * predict.length) / rows.length);
        const expected = gramScores(form, { features, predict: base, channels, side }, nodes);
        for (const [k, score] of scored.scoresOf(0, row).entries())
          assert.ok(Math.abs(score - (expected[k] as number)) <= 1e-5 * Math.abs(score), `${kind}, level ${level}`);
      }
    }
  }
});
