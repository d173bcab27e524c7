/** The step path: milliseconds per level and per picture, and the overhead beside network and guide. */

import { beamsPerLevel } from '../../contract/beams.ts';
import { GuideRunner } from '../../engine/guides/runner.ts';
import type { Network } from '../../engine/network/network.ts';
import { Descent } from '../../engine/search/descent.ts';
import { runTogether } from '../../engine/search/run.ts';
import { reconstruction } from '../../engine/tasks/encode.ts';
import type { Guide, Picture } from '../../guide.ts';
import { Random } from '../../kit/random.ts';
import { encodePicture } from '../../pictures/codec.ts';
import { median, round } from './timing.ts';

export const BATCHES = [1, 8, 32] as const;

export interface StepFigures {
  readonly ms_per_picture: number;
  readonly ms_per_level: number;
  /** Time inside onnxruntime, of a level of each side, for the whole batch. */
  readonly network_ms_by_side: Readonly<Record<string, number>>;
  /** Share of the time that is neither inside onnxruntime nor inside a guide. */
  readonly outside_share: number;
  readonly guide_share: number;
  readonly runs: number;
}

/** Descents towards a picture by plain distance, `batch` at once. */
export async function measureSteps(network: Network, batch: number, seconds: number): Promise<StepFigures> {
  const picture = noise(network.finalSide, network.info.channels);
  const once = async (): Promise<Run> => {
    const clock = { guides: 0 };
    const descents = Array.from({ length: batch }, (_, seed) => timedDescent(network, picture, seed, clock));
    const started = performance.now();
    await runTogether(network, descents);
    const wall = performance.now() - started;
    const events = descents.map((one) => one.drainEvents().filter((event) => event.type === 'level'));
    const levels = (events[0] ?? []).map(({ side }, level) => ({
      side,
      // Descents that shared a run report the same time for it; a level may take several runs.
      network: sumOf(new Set(events.map((one) => one[level]?.timings.network ?? 0))),
    }));
    return { wall, guides: clock.guides, levels };
  };
  await once();
  const runs = [];
  const end = performance.now() + 1000 * seconds;
  while (runs.length < 3 || (performance.now() < end && runs.length < 50)) runs.push(await once());
  return figuresOf(runs, batch);
}

/** A descent whose guide measures itself: the engine's figure includes waiting for concurrent descents. */
function timedDescent(network: Network, picture: Picture, seed: number, clock: { guides: number }): Descent {
  const inner = reconstruction(picture);
  return descentBy(network, seed, {
    score(candidates, level, signal) {
      const started = performance.now();
      const scores = inner.score(candidates, level, signal);
      clock.guides += performance.now() - started;
      return scores;
    },
  });
}

/** A greedy descent that one guide decides. */
export function descentBy(network: Network, seed: number, guide: Guide): Descent {
  const { info, finalSide } = network;
  const { condition } = info;
  return new Descent({
    info,
    seed,
    count: 1,
    sampler: { top: 1, temperature: 0 },
    beams: beamsPerLevel(
      1,
      info.levels.map(({ side }) => side),
    ),
    guides: [new GuideRunner('distance', guide, { timeoutSeconds: 60, isTrusted: true })],
    weights: [1],
    blend: 'zscore',
    prefixes: [],
    notes: [],
    condition: condition && noise(finalSide, condition.channels).data,
    signal: new AbortController().signal,
  });
}

interface Run {
  readonly wall: number;
  readonly guides: number;
  readonly levels: readonly { readonly side: number; readonly network: number }[];
}

function figuresOf(runs: readonly Run[], batch: number): StepFigures {
  const wall = median(runs.map((run) => run.wall));
  const levels = runs[0]?.levels.length ?? 1;
  const outside = runs.map((run) => {
    const network = sumOf(run.levels.map((level) => level.network));
    return Math.max(0, run.wall - network - run.guides) / run.wall;
  });
  const sides = [...new Set(runs[0]?.levels.map(({ side }) => side))];
  const bySide = sides.map((side) => {
    const times = runs.flatMap((run) => run.levels.filter((one) => one.side === side));
    return [String(side), round(median(times.map((one) => one.network)), 3)] as const;
  });
  return {
    ms_per_picture: round(wall / batch),
    ms_per_level: round(wall / levels, 3),
    network_ms_by_side: Object.fromEntries(bySide),
    outside_share: round(median(outside), 4),
    guide_share: round(median(runs.map((run) => run.guides / run.wall)), 4),
    runs: runs.length,
  };
}

function sumOf(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/** A target picture: its content does not affect the time. */
export function noise(side: number, channels: number): Picture {
  const random = Random.of(1);
  const data = Float32Array.from({ length: channels * side * side }, () => 2 * random.uniform() - 1);
  return { data, channels, width: side, height: side };
}

/** The same as a file. */
export async function noiseFile(side: number): Promise<Uint8Array> {
  return await encodePicture(noise(side, 3), 'png');
}
