/** Scores the candidates that a result chooses among at a level: which guides score which candidates, and their blend. */

import type { BlendKind } from '../../contract/requests.ts';
import type { Candidates, LevelInfo, LinearForm, Picture } from '../../guide.ts';
import type { Random } from '../../kit/random.ts';
import { blendScores } from './combine.ts';
import type { GuideRunner } from './runner.ts';
import { joinPoints, neighbours, type Points, pointsOf, proposed, spread } from './shortlist.ts';

/** The candidates of some rows: [rows, count, channels, side, side]. */
export interface CandidateBatch {
  readonly data: Float32Array;
  readonly rows: number;
  /** K */
  readonly count: number;
  readonly channels: number;
  readonly side: number;
}

/** Where a candidate is in a batch. */
export interface Place {
  readonly row: number;
  readonly choice: number;
}

/** The rows whose candidates compete: one per beam. Candidate k of its b-th row has the index b · K + k. */
export type Pool = readonly number[];

export interface PoolScores {
  /** The candidates in the choice, rising: those that every guide was asked about. */
  readonly indices: readonly number[];
  /** Their blended scores, or null where no guide has a say. */
  readonly blended: Float64Array | null;
  /** Of each guide, its score of each candidate of the pool; NaN where it was not asked, null where it was asked of none. */
  readonly byGuide: readonly (Float64Array | null)[];
}

export interface ScoringOptions {
  readonly guides: readonly GuideRunner[];
  /** One per guide; 0: not asked. */
  readonly weights: readonly number[];
  readonly blend: BlendKind;
  /** Beams that will be kept of each pool: a shortlist holds at least twice as many. @default 1 */
  readonly keep?: number;
  readonly level: LevelInfo;
  readonly signal: AbortSignal;
  /** What candidates are likely to become, by row of the batch and choice; left out: nothing tells. */
  readonly finish?: ((places: readonly Place[]) => Promise<readonly Picture[]>) | undefined;
  /** What the prior proposes in each pool; left out: shortlists are spread over all that may look different. */
  readonly proposals?: readonly Proposal[] | undefined;
}

/** The prior's say on which candidates of a pool are worth asking about. */
export interface Proposal {
  /** Log-weights of the pool's candidates, [beams × K]. */
  readonly logWeights: Float64Array;
  readonly random: Random;
}

/**
 * Asks the guides that want to be asked, those with the largest budget first. Each further one sees a shortlist of what
 * the ones before it have seen, so that the choice in the end is among candidates that all of them know.
 */
export async function scorePools(
  pools: readonly Pool[],
  batch: CandidateBatch,
  options: ScoringOptions,
): Promise<PoolScores[]> {
  const scored = pools.map((rows, i) => new ScoredPool(rows, batch, options, options.proposals?.[i] ?? null));
  const active = options.guides
    .map((guide, index) => ({ guide, index }))
    .filter(({ guide, index }) => options.weights[index] !== 0 && guide.isActiveAt(options.level))
    .map((one) => ({ ...one, budget: one.guide.budgetAt(options.level) }))
    .sort((a, b) => b.budget.shortlist - a.budget.shortlist);
  const points = pointsByRow(batch);
  for (const { guide, index, budget } of active) {
    const { refine } = budget;
    const shortlist = shortlistFor(budget.shortlist, options);
    const wanted = shortlist + refine;
    if (scored.every((pool) => pool.isWhole && pool.size <= wanted))
      await scoreRows(scored, guide, index, batch, options);
    else {
      const first = scored.map((pool) => pool.shortlist(wanted, shortlist, points));
      await scoreLists(scored, first, guide, index, options);
      const more = scored.map((pool, i) => pool.refined(first[i] as number[], refine, points));
      if (more.some((list) => list.length > 0)) await scoreLists(scored, more, guide, index, options);
      for (const [i, pool] of scored.entries()) pool.narrow([...(first[i] as number[]), ...(more[i] as number[])]);
    }
  }
  return scored.map((pool) => pool.result());
}

/** The one guide whose say it is at a level, and its score as a quadratic form; null where there is more or less to ask. */
export function linearGuideAt(
  guides: readonly GuideRunner[],
  weights: readonly number[],
  level: LevelInfo,
): { readonly index: number; readonly form: LinearForm } | null {
  const active = guides.flatMap((guide, index) => (weights[index] !== 0 && guide.isActiveAt(level) ? [index] : []));
  const [index] = active;
  const form = index === undefined || active.length > 1 ? null : (guides[index] as GuideRunner).linearAt(level);
  return form && { index: index as number, form };
}

/**
 * Pools whose candidates were all scored at once, undrawn.
 *
 * @param scores of the rows of the pools, [rows, K]
 * @param index of the guide that they are of
 */
export function scoredPools(
  pools: readonly Pool[],
  { data, count }: { readonly data: Float32Array; readonly count: number },
  index: number,
  { guides, weights, blend }: Pick<ScoringOptions, 'guides' | 'weights' | 'blend'>,
): PoolScores[] {
  return pools.map((rows) => {
    const scores = new Float64Array(rows.length * count);
    for (const [beam, row] of rows.entries()) scores.set(data.subarray(row * count, (row + 1) * count), beam * count);
    const blended = blendScores(blend, [{ scores, weight: weights[index] as number }]);
    return { indices: [...scores.keys()], blended, byGuide: guides.map((_, i) => (i === index ? scores : null)) };
  });
}

function shortlistFor(shortlist: number, { keep = 1 }: ScoringOptions): number {
  return keep === 1 ? shortlist : Math.max(shortlist, 2 * keep);
}

/** One pool while its guides are asked. */
class ScoredPool {
  readonly rows: Pool;
  readonly size: number;
  readonly #batch: CandidateBatch;
  readonly #options: ScoringOptions;
  readonly #byGuide: (Float64Array | null)[];
  readonly #proposal: Proposal | null;
  #indices: number[];

  constructor(rows: Pool, batch: CandidateBatch, options: ScoringOptions, proposal: Proposal | null) {
    this.rows = rows;
    this.size = rows.length * batch.count;
    this.#batch = batch;
    this.#options = options;
    this.#proposal = proposal;
    this.#byGuide = options.guides.map(() => null);
    this.#indices = new Array<number>(this.size);
    for (let i = 0; i < this.size; i++) this.#indices[i] = i;
  }

  /** Whether no guide has narrowed the choice yet. */
  get isWhole(): boolean {
    return this.#indices.length === this.size;
  }

  scoresOf(guide: number): Float64Array {
    const known = this.#byGuide[guide] ?? new Float64Array(this.size).fill(Number.NaN);
    this.#byGuide[guide] = known;
    return known;
  }

  /**
   * `shortlist` of the candidates left: drawn by the prior where there is one, else spread far; all of them where that is
   * about what the guide takes anyway.
   */
  shortlist(wanted: number, shortlist: number, points: (row: number) => Points): number[] {
    if (this.#indices.length <= wanted) return this.#indices;
    const blended = this.#blended(this.#indices);
    if (this.#proposal) return proposed(this.#proposal, this.#indices, shortlist, blended);
    return spread(this.#points(points), this.#indices, shortlist, blended);
  }

  refined(asked: readonly number[], refine: number, points: (row: number) => Points): number[] {
    if (refine === 0 || asked.length === this.#indices.length) return [];
    const blended = this.#blended(asked);
    return blended ? neighbours(this.#points(points), this.#indices, asked, blended, refine) : [];
  }

  narrow(indices: number[]): void {
    this.#indices = indices.sort((a, b) => a - b);
  }

  /** Numbers of a candidate: [channels, side, side]. */
  candidate(index: number): Float32Array {
    const { data, count, channels, side } = this.#batch;
    const { row, choice } = this.placeOf(index);
    const size = channels * side * side;
    const from = (row * count + choice) * size;
    return data.subarray(from, from + size);
  }

  /** Where it is in the batch. */
  placeOf(index: number): Place {
    const { count } = this.#batch;
    return { row: this.rows[Math.floor(index / count)] as number, choice: index % count };
  }

  result(): PoolScores {
    return { indices: this.#indices, blended: this.#blended(this.#indices), byGuide: this.#byGuide };
  }

  #points(points: (row: number) => Points): Points {
    return joinPoints(this.rows.map(points));
  }

  #blended(indices: readonly number[]): Float64Array | null {
    const parts = this.#byGuide.flatMap((all, guide) => {
      if (!all) return [];
      const scores = new Float64Array(indices.length);
      for (let i = 0; i < indices.length; i++) scores[i] = all[indices[i] as number] as number;
      const { vetoBelow } = (this.#options.guides[guide] as GuideRunner).prefers;
      return [{ scores, weight: this.#options.weights[guide] as number, vetoBelow }];
    });
    return blendScores(this.#options.blend, parts);
  }
}

/** Scores all candidates of all rows at once: no copy is made. */
async function scoreRows(
  pools: readonly ScoredPool[],
  guide: GuideRunner,
  index: number,
  { data, rows, count, channels, side }: CandidateBatch,
  { level, signal, finish }: ScoringOptions,
): Promise<void> {
  const places = () =>
    Array.from({ length: rows * count }, (_, n) => ({ row: Math.floor(n / count), choice: n % count }));
  const foreseen = finish && { finishes: () => finish(places()) };
  const scores = await guide.score({ data, batch: rows, count, channels, side, ...foreseen }, level, signal);
  for (const pool of pools) {
    const all = pool.scoresOf(index);
    for (const [beam, row] of pool.rows.entries())
      all.set(scores.subarray(row * count, (row + 1) * count), beam * count);
  }
}

/** Scores a list of candidates per pool; lists of one length make one call. */
async function scoreLists(
  pools: readonly ScoredPool[],
  lists: readonly (readonly number[])[],
  guide: GuideRunner,
  index: number,
  { level, signal, finish }: ScoringOptions,
): Promise<void> {
  const lengths = new Set(lists.map((list) => list.length).filter((length) => length > 0));
  for (const length of lengths) {
    const members = lists.flatMap((list, i) => (list.length === length ? [i] : []));
    const candidates = gathered(pools, lists, members, length, level.side);
    const places = () =>
      members.flatMap((member) =>
        (lists[member] as readonly number[]).map((one) => (pools[member] as ScoredPool).placeOf(one)),
      );
    const foreseen = finish && { finishes: () => finish(places()) };
    const scores = await guide.score({ ...candidates, ...foreseen }, level, signal);
    for (const [at, member] of members.entries()) {
      const all = (pools[member] as ScoredPool).scoresOf(index);
      for (const [i, candidate] of (lists[member] as readonly number[]).entries())
        all[candidate] = scores[at * length + i] as number;
    }
  }
}

function gathered(
  pools: readonly ScoredPool[],
  lists: readonly (readonly number[])[],
  members: readonly number[],
  count: number,
  side: number,
): Candidates {
  const first = (pools[members[0] as number] as ScoredPool).candidate(0).length;
  const data = new Float32Array(members.length * count * first);
  let at = 0;
  for (const member of members) {
    for (const index of lists[member] as readonly number[]) {
      data.set((pools[member] as ScoredPool).candidate(index), at);
      at += first;
    }
  }
  return { data, batch: members.length, count, channels: first / (side * side), side };
}

/** Points of each row's candidates, made when first asked for. */
function pointsByRow({ data, count, channels, side }: CandidateBatch): (row: number) => Points {
  const made = new Map<number, Points>();
  const size = count * channels * side * side;
  return (row) => {
    const known = made.get(row) ?? pointsOf(data.subarray(row * size, (row + 1) * size), channels, side);
    made.set(row, known);
    return known;
  };
}
