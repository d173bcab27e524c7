/** Shared by the engine tests: the tiny model, plans, and simple guides. */

import { after } from 'node:test';
import { GuideRunner } from '../../src/engine/guides/runner.ts';
import { networkInfoOf } from '../../src/engine/models.ts';
import { Network } from '../../src/engine/network/network.ts';
import { Prior } from '../../src/engine/network/prior.ts';
import { Descent } from '../../src/engine/search/descent.ts';
import type { DoneEvent, GenerateEvent } from '../../src/engine/search/events.ts';
import type { DescentPlan } from '../../src/engine/search/plan.ts';
import type { Candidates, Guide, LevelInfo } from '../../src/guide.ts';
import { type Bundle, loadBundle } from '../../src/runtime/bundle.ts';

let opening: Promise<Bundle> | undefined;

/** The bundle models/tiny, opened once per test file: 4, 4, 8, 8 pixels, 4 candidates each. */
export function tinyBundle(): Promise<Bundle> {
  opening ??= loadBundle('models/tiny', { threads: 1 });
  return opening;
}

after(async () => (await opening)?.release());

export async function tinyNetwork(): Promise<Network> {
  const { name, manifest, levels, decode } = await tinyBundle();
  return new Network(networkInfoOf(name, manifest), levels, decode);
}

let openingPrior: Promise<Bundle> | undefined;

after(async () => (await openingPrior)?.release());

/** The tiny network with a prior of random weights. */
export async function priorNetwork(): Promise<Network> {
  openingPrior ??= loadBundle('test/fixtures/prior/tiny-prior', { threads: 1 });
  const bundle = await openingPrior;
  const graphs = await bundle.prior();
  if (!graphs) throw new Error('the fixture has no prior');
  const info = networkInfoOf(bundle.name, bundle.manifest);
  return new Network(info, bundle.levels, bundle.decode, { prior: new Prior(info, graphs) });
}

/** A network without ONNX: every candidate of a level is one gray, candidate k of K being k/K after the gray before it. */
export function grayNetwork(levels: readonly { side: number; candidates: number }[]): Network {
  const info = {
    name: 'gray',
    channels: 1 as const,
    condition: null,
    levels: levels.map(({ side, candidates }) => ({ side, candidateCount: candidates, width: 1 })),
  };
  const graphs = levels.map(({ side, candidates: count }, level) => ({
    async run(feeds: Readonly<Record<string, { data: Float32Array | BigInt64Array }>>) {
      const rows = level === 0 ? Number(feeds.batch?.data[0]) : (feeds.choice?.data.length as number);
      const before = level === 0 ? 1 : (levels[level - 1]?.side as number) ** 2;
      const data = new Float32Array(rows * count * side * side).map((_, i) => {
        const row = Math.floor(i / (count * side * side));
        const gray = level === 0 ? 0 : Number(feeds.predict?.data[row * before]);
        return gray + (Math.floor(i / (side * side)) % count) / count / 2 ** level;
      });
      return {
        next_features: { data: new Float32Array(rows * side * side), dims: [rows, 1, side, side] },
        candidates: { data, dims: [rows, count, 1, side, side] },
      };
    },
  }));
  return new Network(info, graphs, { run: async () => ({}) });
}

export interface PlanOptions extends Partial<Omit<DescentPlan, 'info' | 'guides'>> {
  readonly guides?: readonly Guide[];
  readonly timeoutSeconds?: number;
  /** @default true */
  readonly isTrusted?: boolean;
}

export function descentOf(network: Network, options: PlanOptions = {}): Descent {
  const { guides = [], timeoutSeconds = 5, isTrusted = true, ...plan } = options;
  const asked = guides.map((guide, i) => new GuideRunner(`guide${i}`, guide, { timeoutSeconds, isTrusted }));
  return new Descent({
    info: network.info,
    seed: 1,
    count: 1,
    sampler: { top: 1, temperature: 0 },
    beams: network.info.levels.map(() => 1),
    blend: 'zscore',
    weights: asked.map(() => 1),
    prefixes: [],
    condition: null,
    signal: new AbortController().signal,
    notes: [],
    ...plan,
    guides: asked,
  });
}

/** A guide that scores each candidate by a function of its numbers. */
export function scoring(
  scoreOf: (candidate: Float32Array, level: LevelInfo) => number,
  rest: Omit<Guide, 'score'> = {},
): Guide {
  return {
    score: ({ data, batch, count, channels, side }: Candidates, level) => {
      const size = channels * side * side;
      return Float32Array.from({ length: batch * count }, (_, n) =>
        scoreOf(data.subarray(n * size, (n + 1) * size), level),
      );
    },
    ...rest,
  };
}

/** Prefers bright candidates. */
export const bright = (rest: Omit<Guide, 'score'> = {}) => scoring(mean, rest);

export function mean(candidate: Float32Array): number {
  return candidate.reduce((sum, value) => sum + value, 0) / candidate.length;
}

/** Collects all values of an iterator. */
export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** Codes of a finished descent. */
export function codesOf(events: readonly GenerateEvent[]): number[][] {
  const done = events.find((event): event is DoneEvent => event.type === 'done');
  if (!done) throw new Error(`not done: ${events.at(-1)?.type}`);
  return [...done.results].sort((a, b) => a.index - b.index).map(({ code }) => code);
}
