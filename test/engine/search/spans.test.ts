/** Descents decided by quadratic forms, in spans and level by level, compared with the step path. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import color from '../../../guides/color.ts';
import colorize from '../../../guides/colorize.ts';
import denoise from '../../../guides/denoise.ts';
import inpaint from '../../../guides/inpaint.ts';
import lowBit from '../../../guides/low_bit.ts';
import superResolution from '../../../guides/super_resolution.ts';
import target from '../../../guides/target.ts';
import type { Network } from '../../../src/engine/network/network.ts';
import { advance } from '../../../src/engine/search/batches.ts';
import type { GenerateEvent, LevelEvent } from '../../../src/engine/search/events.ts';
import { runTogether } from '../../../src/engine/search/run.ts';
import type { Guide, GuideDefinition } from '../../../src/guide.ts';
import { uniform } from '../../../src/kit/mulberry32.ts';
import { encodePicture } from '../../../src/pictures/codec.ts';
import { fakeContext } from '../../guides/fake-context.ts';
import { shipped } from '../models.ts';
import { codesOf, descentOf, type PlanOptions } from '../tiny.ts';

const BATCHES = [1, 3, 8];
/** The batch size that is also run level by level, and that every guide is tested with. */
const WATCHED = 3;
/** The guides of a large model that are tested with all batch sizes: forms of both kinds in one descent. Small models: all guides. */
const IN_ALL_BATCHES = 'inpaint and color';
const LARGE = 'avatars-64';

type Make = (network: Network, picture: Uint8Array, mask: Uint8Array) => Promise<Guide[]>;

async function made(network: Network, definition: GuideDefinition, params: Record<string, unknown>): Promise<Guide> {
  const { name, channels, levels } = network.info;
  const context = fakeContext({ model: { name, channels, finalSide: network.finalSide, levels: levels.length } });
  return await definition.create(z.parse(definition.params, params), context);
}

const GUIDES: Record<string, Make> = {
  target: async (network, image) => [await made(network, target, { image })],
  inpaint: async (network, image, mask) => [await made(network, inpaint, { image, mask })],
  super_resolution: async (network, image) => [
    await made(network, superResolution, { image: await shrunk(image, network) }),
  ],
  colorize: async (network, image) => [await made(network, colorize, { image })],
  color: async (network, image) => [await made(network, color, { image })],
  low_bit: async (network, image) => [await made(network, lowBit, { image })],
  denoise: async (network, image) => [await made(network, denoise, { image, clipped: false })],
  'inpaint and color': async (network, image, mask) => [
    await made(network, inpaint, { image, mask }),
    await made(network, color, { image, detail: 4 }),
  ],
};

async function shrunk(image: Uint8Array, network: Network): Promise<Uint8Array> {
  const { picture } = fakeContext();
  return await encodePicture(await picture(image, { side: network.finalSide / 4 }));
}

/** Random pictures close to those of the model, and random masks. */
async function inputsOf(network: Network, seed: number) {
  const next = uniform(seed + 1);
  const [drawn] = await network.decode([network.candidateCounts.map((count) => Math.floor(next() * count))]);
  if (!drawn) throw new Error('nothing drawn');
  const { width: side, channels } = drawn;
  const data = drawn.data.map((value) => Math.max(-1, Math.min(1, value + 0.2 * (next() - 0.5))));
  const mask = new Float32Array(side * side).map((_, p) => (p % side > side / 3 ? 1 : -1));
  const file = (values: Float32Array, planes: number) =>
    encodePicture({ data: values, channels: planes, width: side, height: side });
  return { picture: new Uint8Array(await file(data, channels)), mask: new Uint8Array(await file(mask, 1)) };
}

async function descend(network: Network, guides: readonly (readonly Guide[])[], options: PlanOptions) {
  const descents = guides.map((own, i) => descentOf(network, { ...options, guides: own, seed: i }));
  await runTogether(network, descents);
  return descents.map((descent) => {
    if (descent.error) throw descent.error;
    return descent.drainEvents();
  });
}

/** Counts choices, and those that differ from the step path; later levels of the same descent are not comparable. */
class Agreement {
  choices = 0;
  different = 0;

  add(events: readonly GenerateEvent[], step: readonly GenerateEvent[], what: string): void {
    const levels = (all: readonly GenerateEvent[]) =>
      all.filter((event): event is LevelEvent => event.type === 'level');
    const [ours, theirs] = [levels(events), levels(step)];
    assert.equal(ours.length, theirs.length, what);
    for (const [level, event] of ours.entries()) {
      this.choices += 1;
      const other = theirs[level] as LevelEvent;
      const isSame = event.choices[0] === other.choices[0];
      // With several guides a gain of one can equal the loss of another, so that blended scores tie.
      if (!isSame && event.guideScores.length > 1) {
        const [ours = 0, theirs = 0] = [event.scores[0] ?? 0, other.scores[0] ?? 0];
        assert.ok(Math.abs(ours - theirs) <= 1e-4, `${what}, level ${level}: ${ours}, drawn ${theirs}`);
        this.different += 1;
        return;
      }
      for (const [guide, [score = null]] of event.guideScores.entries()) {
        const drawn = other.guideScores[guide]?.[0] ?? null;
        assert.ok(
          score !== null && drawn !== null && Math.abs(score - drawn) <= 1e-5 * Math.abs(drawn),
          `${what}, level ${level}: ${score}, drawn ${drawn}`,
        );
      }
      if (isSame) continue;
      this.different += 1;
      return;
    }
  }
}

for (const name of ['digits-32-4', 'digits-taiji', LARGE])
  test(`${name}: choices equal those of the step path`, async () => {
    const { network } = await shipped(name);
    const { channels } = network.info;
    const agreement = new Agreement();
    for (const [kind, make] of Object.entries(GUIDES)) {
      if (kind === 'colorize' && channels === 1) continue;
      for (const batch of name === LARGE && kind !== IN_ALL_BATCHES ? [WATCHED] : BATCHES) {
        const inputs = await Promise.all(Array.from({ length: batch }, (_, seed) => inputsOf(network, seed)));
        const guides = () => Promise.all(inputs.map(({ picture, mask }) => make(network, picture, mask)));
        const step = await descend(network, await guides(), { isTrusted: false });
        for (const isWatched of batch === WATCHED ? [false, true] : [false]) {
          const events = await descend(network, await guides(), { isWatched });
          for (const [i, own] of events.entries()) agreement.add(own, step[i] ?? [], `${kind}, ${batch} at once`);
        }
      }
    }
    const { choices, different } = agreement;
    assert.ok(different <= 0.001 * choices, `${different} of ${choices} choices differ`);
  });

/** Codes with and without drawing all candidates. */
async function bothWays(options: PlanOptions, kind: keyof typeof GUIDES = 'target') {
  const { network } = await shipped(LARGE);
  const { picture, mask } = await inputsOf(network, 1);
  const make = async () => [await (GUIDES[kind] as Make)(network, picture, mask)];
  const [undrawn] = await descend(network, await make(), options);
  const [drawn] = await descend(network, await make(), { ...options, isTrusted: false });
  return { undrawn: codesOf(undrawn ?? []), drawn: codesOf(drawn ?? []), events: undrawn ?? [] };
}

const SAMPLERS: Record<string, PlanOptions> = {
  'several results, the best of each': { count: 3 },
  'by chance': { sampler: { top: Number.POSITIVE_INFINITY, temperature: 0.5 } },
  'several results by chance': { count: 4, sampler: { top: Number.POSITIVE_INFINITY, temperature: 1 } },
  'by chance at coarse sides only': { sampler: { top: Number.POSITIVE_INFINITY, temperature: { 4: 1, 8: 0.5 } } },
  'one of the best three': { sampler: { top: 3, temperature: 0 } },
  'beside a prior': { sampler: { top: 1, temperature: 0, prior: 0.1 } },
  'beside a prior, by chance': { sampler: { top: Number.POSITIVE_INFINITY, temperature: 0.6, prior: 0.5 } },
  'away from the picture': { weights: [-1] },
  'a prefix': { prefixes: [[1, 2, 3, 4, 5, 6, 7]] },
  'by ranks': { blend: 'rank' },
};

for (const [name, options] of Object.entries(SAMPLERS))
  test(`${name}: the same codes`, async () => {
    const { undrawn, drawn } = await bothWays(options);
    assert.deepEqual(undrawn, drawn);
  });

test('beams keep the same descents', async () => {
  const { network } = await shipped(LARGE);
  const beams = network.info.levels.map(({ side }) => (side <= 16 ? 3 : 1));
  const { undrawn, drawn } = await bothWays({ beams });
  assert.deepEqual(undrawn, drawn);
});

test('one run per side if unwatched, one per level if watched', async () => {
  const { network } = await shipped(LARGE);
  const { picture, mask } = await inputsOf(network, 1);
  const sides = network.info.levels.map(({ side }) => side);
  for (const isWatched of [false, true]) {
    const guides = await (GUIDES.target as Make)(network, picture, mask);
    const descent = descentOf(network, { guides, isWatched });
    const told: number[] = [];
    while (descent.status === 'ready') {
      await advance(network, [descent]);
      told.push(descent.drainEvents().filter(({ type }) => type === 'level').length);
    }
    const bySide = [...new Set(sides)].map((side) => sides.filter((one) => one === side).length);
    assert.deepEqual(told, isWatched ? sides.map(() => 1) : bySide);
  }
});

test('weights may change between sides', async () => {
  const { network } = await shipped(LARGE);
  const { picture, mask } = await inputsOf(network, 1);
  const turned = async (isTrusted: boolean) => {
    const guides = await (GUIDES['inpaint and color'] as Make)(network, picture, mask);
    const descent = descentOf(network, { guides, isTrusted });
    while (descent.level < 5) await advance(network, [descent]);
    descent.setWeights([1, 0]);
    await runTogether(network, [descent]);
    return codesOf(descent.drainEvents());
  };
  assert.deepEqual(await turned(true), await turned(false));
});
