/** What a descent is to do. */
import type { Code } from '../../contract/codes.ts';
import type { BlendKind } from '../../contract/requests.ts';
import type { LevelInfo, Picture } from '../../guide.ts';
import type { GuideRunner } from '../guides/runner.ts';
import type { NetworkInfo } from '../network/graph.ts';
import type { Sampler } from './sampler.ts';

/** The pictures that the likeliest choices make of the first levels of codes. */
export type Foresee = (begun: readonly Code[]) => Promise<readonly Picture[]>;

/** Everything that decides a request's results. */
export interface DescentPlan {
  readonly info: NetworkInfo;
  readonly seed: number;
  /** Number of results. */
  readonly count: number;
  readonly sampler: Sampler;
  /** Beams that each result keeps after each level. */
  readonly beams: readonly number[];
  /** Descents that are walked at each level, of all results together. @default one for each */
  readonly population?: readonly number[];
  readonly blend: BlendKind;
  readonly guides: readonly GuideRunner[];
  /** One per guide. */
  readonly weights: readonly number[];
  /** Choices of the first levels: none, those of all results, or one list per result, all of one length. */
  readonly prefixes: readonly Code[];
  /** [channels, S, S] where the model has a condition. */
  readonly condition: Float32Array | null;
  /** Finishes candidates for guides that want to see what they are likely to become. @default none is shown that */
  readonly foresee?: Foresee | undefined;
  readonly signal: AbortSignal;
  /** Whether each level is to be told as it is chosen. @default false */
  readonly isWatched?: boolean;
  /** Guides add to it while they run. */
  readonly notes: readonly string[];
}

/** What guides are told of a level. */
export function levelInfoAt({ levels }: NetworkInfo, index: number): LevelInfo {
  const side = (level: number) => levels[level]?.side ?? 0;
  return { index, levels: levels.length, side: side(index), finalSide: side(levels.length - 1) };
}

/** Descents that are walked at a level; one for each result when all levels are chosen. */
export function populationAt({ population, count }: Pick<DescentPlan, 'population' | 'count'>, level: number): number {
  return population?.[level] ?? count;
}
