/** The plan of a descent: everything that determines its results. */
import type { Code } from '../../contract/codes.ts';
import type { BlendKind } from '../../contract/requests.ts';
import type { LevelInfo, Picture } from '../../guide.ts';
import type { GuideRunner } from '../guides/runner.ts';
import type { NetworkInfo } from '../network/graph.ts';
import type { Sampler } from './sampler.ts';

/** Draws a preview of each prefix, continued by the likeliest choices. */
export type Foresee = (prefixes: readonly Code[]) => Promise<readonly Picture[]>;

export interface DescentPlan {
  readonly info: NetworkInfo;
  readonly seed: number;
  /** Number of results. */
  readonly count: number;
  readonly sampler: Sampler;
  /** Per level, the number of beams that each result keeps after it. */
  readonly beams: readonly number[];
  /** Per level, the number of particles of all results together. @default one for each result */
  readonly population?: readonly number[];
  readonly blend: BlendKind;
  readonly guides: readonly GuideRunner[];
  /** One per guide. */
  readonly weights: readonly number[];
  /** Choices of the first levels: none, one list for all results, or one list per result, all of the same length. */
  readonly prefixes: readonly Code[];
  /** [channels, S, S]; null unless the model is conditional. */
  readonly condition: Float32Array | null;
  /** Draws previews of how candidates are likely to continue, for guides that use them. @default not possible */
  readonly foresee?: Foresee | undefined;
  readonly signal: AbortSignal;
  /** Whether each level is reported as soon as it is chosen. @default false */
  readonly isWatched?: boolean;
  /** Notes for the user; guides append to it while they run. */
  readonly notes: readonly string[];
}

/** The description of a level that guides receive. */
export function levelInfoAt({ levels }: NetworkInfo, index: number): LevelInfo {
  const side = (level: number) => levels[level]?.side ?? 0;
  return { index, levels: levels.length, side: side(index), finalSide: side(levels.length - 1) };
}

/** The number of particles at a level; one for each result once all levels are chosen. */
export function populationAt({ population, count }: Pick<DescentPlan, 'population' | 'count'>, level: number): number {
  return population?.[level] ?? count;
}
