import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gramScores } from '../../../src/engine/network/linear-forms.ts';
import { type Row, START, type State } from '../../../src/engine/network/network.ts';
import type { LinearForm } from '../../../src/guide.ts';
import { Random } from '../../../src/kit/random.ts';
import { resample } from '../../../src/kit/resample.ts';
import { tinyBundle, tinyNetwork } from '../tiny.ts';

/** Scores of drawn candidates, by the definition of the form. */
function drawnScores(form: LinearForm, candidates: Float32Array, channels: number, side: number): number[] {
  const { height, width, outChannels, rows, columns, color, target, weight, scale } = form;
  const identity = (at: number, of: number) => (at === of ? 1 : 0);
  const size = channels * side * side;
  return Array.from({ length: candidates.length / size }, (_, k) => {
    const pixel = (c: number, y: number, x: number) => candidates[k * size + (c * side + y) * side + x] as number;
    let sum = 0;
    for (let o = 0; o < outChannels; o++)
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++) {
          let value = 0;
          for (let c = 0; c < channels; c++)
            for (let y = 0; y < side; y++)
              for (let x = 0; x < side; x++)
                value +=
                  (color ? (color[o * channels + c] as number) : identity(o, c)) *
                  (rows ? (rows[i * side + y] as number) : identity(i, y)) *
                  (columns ? (columns[j * side + x] as number) : identity(j, x)) *
                  pixel(c, y, x);
          const difference = value - (target[(o * height + i) * width + j] as number);
          sum += (weight ? (weight[i * width + j] as number) : 1) * difference * difference;
        }
    return -scale * sum;
  });
}

const random = Random.of(5);
const numbers = (length: number) => Float32Array.from({ length }, () => random.normal() / 2);
/** Area pooling from 8 to 4 as a matrix [4, 8]. */
const pool = Float32Array.from({ length: 32 }, (_, i) => (Math.floor((i % 8) / 2) === Math.floor(i / 8) ? 0.5 : 0));

const forms: Record<string, LinearForm> = {
  plain: { outChannels: 3, height: 8, width: 8, target: numbers(192), scale: 1 },
  'gray, area pooled, weighted': {
    color: Float32Array.of(0.299, 0.587, 0.114),
    rows: pool,
    columns: pool,
    outChannels: 1,
    height: 4,
    width: 4,
    target: numbers(16),
    weight: Float32Array.from({ length: 16 }, (_, i) => (i % 5) / 4),
    scale: 0.37,
  },
  'two channels of a mix, other rows than columns': {
    color: numbers(6),
    rows: numbers(24),
    columns: numbers(40),
    outChannels: 2,
    height: 3,
    width: 5,
    target: numbers(30),
    weight: numbers(15).map(Math.abs),
    scale: 2,
  },
};

/** States of the tiny network at its third level, whose side doubles: features, upsampled picture and candidates. */
async function statesAt8() {
  const network = await tinyNetwork();
  let states: State[] = [START, START, START];
  for (const level of [0, 1]) {
    const { features, candidates } = await network.runLevel(
      level,
      states.map((state): Row => ({ state, condition: null })),
    );
    states = states.map((state, row) => {
      const choice = (row + level) % 4;
      const predict = candidates.data.slice((row * 4 + choice) * 48, (row * 4 + choice + 1) * 48);
      return { code: [...state.code, choice], from: { features, row }, predict, logPrior: 0 };
    });
  }
  const proposal = await network.runLevel(
    2,
    states.map((state): Row => ({ state, condition: null })),
  );
  return states.map((state, row) => ({
    features: proposal.features.data.slice(row * 512, (row + 1) * 512),
    predict: resample(state.predict, { height: 4, width: 4 }, { height: 8, width: 8 }, 'bilinear-plain'),
    candidates: proposal.candidates.data.slice(row * 768, (row + 1) * 768),
  }));
}

for (const [name, form] of Object.entries(forms)) {
  test(`Gram scores equal the scores of drawn candidates: ${name}`, async () => {
    const bundle = await tinyBundle();
    const nodes = (await bundle.tensors(['levels.2.nodes.weight'])).get('levels.2.nodes.weight');
    assert.deepEqual(nodes?.dims, [4, 2, 3, 8]);
    for (const { features, predict, candidates } of await statesAt8()) {
      const drawn = drawnScores(form, candidates, 3, 8);
      const gram = gramScores(form, { features, predict, channels: 3, side: 8 }, nodes.data);
      assert.equal(gram.length, 4);
      for (const [k, score] of drawn.entries())
        assert.ok(Math.abs(score - (gram[k] as number)) < 1e-5 * Math.abs(score), `${score} and ${gram[k]}`);
    }
  });
}

test('the pooling matrix of these tests is area pooling', () => {
  const plane = numbers(64);
  const shrunk = resample(plane, { height: 8, width: 8 }, { height: 4, width: 4 });
  const at = (i: number, y: number) => pool[i * 8 + y] as number;
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      let value = 0;
      for (let y = 0; y < 8; y++)
        for (let x = 0; x < 8; x++) value += at(i, y) * at(j, x) * (plane[y * 8 + x] as number);
      assert.ok(Math.abs(value - (shrunk[i * 4 + j] as number)) < 1e-6);
    }
});
