/** Scoring by Gram matrices and by drawing agree, for every linear guide at every side. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import color from '../../guides/color.ts';
import colorize from '../../guides/colorize.ts';
import denoise from '../../guides/denoise.ts';
import inpaint from '../../guides/inpaint.ts';
import lowBit from '../../guides/low_bit.ts';
import superResolution from '../../guides/super_resolution.ts';
import target from '../../guides/target.ts';
import { gramScores } from '../../src/engine/network/linear-forms.ts';
import type { GuideDefinition } from '../../src/guide.ts';
import { normal } from '../../src/kit/mulberry32.ts';
import { fakeContext } from './fake-context.ts';
import { level, type Paint, png, scene } from './pictures.ts';

const stroke: Paint = (x, y) => [...scene(x, y), Math.abs(x - y) < 0.3 ? 1 : x - 1];

const CHANNELS = 3;
const COUNT = 7;
const WIDTH = 6;

/** A level's state, and the weights [K, 2, channels, width] of its candidates. */
function randomLevel(side: number) {
  const next = normal(side);
  const fill = (length: number, scale: number) => Float32Array.from({ length }, () => next() * scale);
  const state = {
    side,
    channels: CHANNELS,
    features: fill(WIDTH * side * side, 1),
    predict: fill(CHANNELS * side * side, 0.4),
  };
  return { state, nodes: fill(COUNT * 2 * CHANNELS * WIDTH, 0.1) };
}

/** The candidates drawn, [count, channels, side, side]. */
function draw({ state: { side, features, predict }, nodes }: ReturnType<typeof randomLevel>): Float32Array {
  const size = side * side;
  return Float32Array.from({ length: COUNT * CHANNELS * size }, (_, i) => {
    const [p, channel, k] = [i % size, Math.floor(i / size) % CHANNELS, Math.floor(i / size / CHANNELS)];
    let value = predict[channel * size + p] as number;
    for (let a = 0; a < WIDTH; a++)
      value += (nodes[(k * 2 * CHANNELS + channel) * WIDTH + a] as number) * (features[a * size + p] as number);
    return value;
  });
}

describe('linear forms', () => {
  const examples: [GuideDefinition, () => Promise<Record<string, unknown>>][] = [
    [target, async () => ({ image: await png(50, 40, 3, scene) })],
    [inpaint, async () => ({ image: await png(32, 32, 4, stroke) })],
    [superResolution, async () => ({ image: await png(12, 12, 3, scene) })],
    [colorize, async () => ({ image: await png(32, 32, 3, scene) })],
    [color, async () => ({ image: await png(64, 64, 4, stroke), detail: 8 })],
    [lowBit, async () => ({ image: await png(32, 32, 3, scene) })],
    [denoise, async () => ({ image: await png(32, 32, 3, scene), method: 'distance', clipped: false })],
  ];
  for (const [definition, params] of examples)
    describe(definition.name, () => {
      let options: Record<string, unknown>;
      before(async () => {
        options = await params();
      });
      for (const side of [1, 4, 8, 16, 32])
        it(`agree with drawn candidates at ${side} px`, async () => {
          const guide = await definition.create(definition.params.parse(options), fakeContext());
          const random = randomLevel(side);
          const form = guide.linear?.(level(side));
          assert.ok(form, 'a linear form');
          const candidates = { data: draw(random), batch: 1, count: COUNT, channels: CHANNELS, side };
          const drawn = await guide.score(candidates, level(side), new AbortController().signal);
          const gram = gramScores(form, random.state, random.nodes);
          for (const [k, score] of drawn.entries())
            assert.ok(
              Math.abs(score - (gram[k] as number)) < 1e-5 * Math.abs(score) + 1e-7,
              `${k}: ${score} and ${gram[k]}`,
            );
        });
    });
});
