/** Scores the candidates of a choice at a level: which guides score which candidates, and their blend. */

import type { BlendKind } from '../../contract/requests.ts';
import type { Candidates, LevelInfo, Picture } from '../../guide.ts';
import type { Random } from '../../kit/random.ts';
import { blendScores } from './combine.ts';
import type { GuideRunner } from './runner.ts';
import { joinPoints, neighbours, type Points, proposed, spread } from './shortlist.ts';

/** The candidates of some rows, drawn or not. */
export interface CandidateSource {
  readonly rows: number;
  /** K */
  readonly count: number;
  readonly channels: number;
  readonly side: number;
  /** All of them, [rows, count, channels, side, side]; null if they are drawn on demand. */
  readonly drawn: Float32Array | null;
  /** A guide's scores of all candidates of a row, if they are known without asking it; otherwise null. */
  known(guide: number, row: number): Float64Array | null;
  /** Draws some candidates of a row, [choices, channels, side, side]. */
  draw(row: number, choices: readonly number[]): Promise<Float32Array>;
  /** Draws all candidates of a row, [count, channels, side, side], and keeps none of them. */
  drawAll(row: number): Promise<Float32Array>;
  /** All candidates of a row as points whose distance measures visual difference. */
  points(row: number): Promise<Points>;
}

/** Where a candidate is in a batch. */
export interface Place {
  readonly row: number;
  readonly choice: number;
}

/** The rows whose candidates compete: one per beam. Candidate k of its b-th row has the index b · K + k. */
export type Pool = readonly number[];

export interface PoolScores {
  /** The candidates to choose from, ascending: those that every guide scored. */
  readonly indices: readonly number[];
  /** Their blended scores, or null if no guide has an influence. */
  readonly blended: Float64Array | null;
  /** Per guide, its score of each candidate of the pool; NaN for those not scored, null if it scored none. */
  readonly byGuide: readonly (Float64Array | null)[];
}

export interface ScoringOptions {
  readonly guides: readonly GuideRunner[];
  /** One per guide; 0: not asked. */
  readonly weights: readonly number[];
  readonly blend: BlendKind;
  /** Beams kept of each pool: a shortlist holds at least twice as many. @default 1 */
  readonly keep?: number;
  readonly level: LevelInfo;
  readonly signal: AbortSignal;
  /** Draws what candidates are likely to become, by their places. @default not possible */
  readonly finish?: ((places: readonly Place[]) => Promise<readonly Picture[]>) | undefined;
  /**
   * The prior's proposals for each pool. @default none: shortlists are spread over all visually different candidates
   */
  readonly proposals?: readonly Proposal[] | undefined;
}

/** The prior's weights of which candidates of a pool are worth scoring. */
export interface Proposal {
  /** Log-weights of the pool's candidates, [beams × K]. */
  readonly logWeights: Float64Array;
  readonly random: Random;
}

/**
 * Asks all active guides, those with the largest budget first. Each further one sees a shortlist of what the previous
 * ones have seen, so that the final choice is among candidates that all of them have scored.
 */
export async function scorePools(
  pools: readonly Pool[],
  source: CandidateSource,
  options: ScoringOptions,
): Promise<PoolScores[]> {
  const scored = pools.map((rows, i) => new ScoredPool(rows, source, options, options.proposals?.[i] ?? null));
  const active = options.guides
    .map((guide, index) => ({ guide, index }))
    .filter(({ guide, index }) => options.weights[index] !== 0 && guide.isActiveAt(options.level))
    .map((one) => ({ ...one, budget: one.guide.budgetAt(options.level) }))
    .sort((a, b) => b.budget.shortlist - a.budget.shortlist);
  for (const { guide, index, budget } of active) {
    const { refine } = budget;
    const shortlist = shortlistFor(budget.shortlist, options);
    const wanted = shortlist + refine;
    if (scored.every((pool) => pool.isWhole && pool.size <= wanted)) {
      if (!takeKnown(scored, guide, index)) await scoreRows(scored, guide, index, source, options);
    } else {
      const first = await Promise.all(scored.map((pool) => pool.shortlist(wanted, shortlist)));
      await scoreLists(scored, first, guide, index, options);
      const more = await Promise.all(scored.map((pool, i) => pool.refined(first[i] as number[], refine)));
      if (more.some((list) => list.length > 0)) await scoreLists(scored, more, guide, index, options);
      for (const [i, pool] of scored.entries()) pool.narrow([...(first[i] as number[]), ...(more[i] as number[])]);
    }
  }
  return scored.map((pool) => pool.result());
}

function shortlistFor(shortlist: number, { keep = 1 }: ScoringOptions): number {
  return keep === 1 ? shortlist : Math.max(shortlist, 2 * keep);
}

/** One pool while its guides are asked. */
class ScoredPool {
  readonly rows: Pool;
  readonly size: number;
  readonly #source: CandidateSource;
  readonly #options: ScoringOptions;
  readonly #byGuide: (Float64Array | null)[];
  readonly #proposal: Proposal | null;
  #points: Promise<Points> | null = null;
  #indices: number[];

  constructor(rows: Pool, source: CandidateSource, options: ScoringOptions, proposal: Proposal | null) {
    this.rows = rows;
    this.size = rows.length * source.count;
    this.#source = source;
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

  /** Uses a guide's known scores of all candidates; false if they are not known. */
  takeKnown(guide: number): boolean {
    const known = this.rows.map((row) => this.#source.known(guide, row));
    if (!known.every((scores) => scores !== null)) return false;
    const all = this.scoresOf(guide);
    for (const [beam, scores] of known.entries()) all.set(scores, beam * this.#source.count);
    return true;
  }

  /**
   * `shortlist` of the remaining candidates: drawn by the prior if there is one, otherwise spread; all of them if there
   * are at most `wanted`.
   */
  async shortlist(wanted: number, shortlist: number): Promise<number[]> {
    if (this.#indices.length <= wanted) return this.#indices;
    const blended = this.#blended(this.#indices);
    if (this.#proposal) return proposed(this.#proposal, this.#indices, shortlist, blended, this.#options.blend);
    return spread(await this.points(), this.#indices, shortlist, blended);
  }

  async refined(asked: readonly number[], refine: number): Promise<number[]> {
    if (refine === 0 || asked.length === this.#indices.length) return [];
    const blended = this.#blended(asked);
    return blended ? neighbours(await this.points(), this.#indices, asked, blended, refine) : [];
  }

  narrow(indices: number[]): void {
    this.#indices = indices.sort((a, b) => a - b);
  }

  /** Candidates by index, [indices, channels, side, side]. */
  async draw(indices: readonly number[]): Promise<Float32Array> {
    const { count, channels, side } = this.#source;
    const size = channels * side * side;
    const data = new Float32Array(indices.length * size);
    for (const [beam, row] of this.rows.entries()) {
      const places = indices.flatMap((index, place) => (Math.floor(index / count) === beam ? [place] : []));
      if (places.length === 0) continue;
      const drawn = await this.#source.draw(
        row,
        places.map((place) => (indices[place] as number) % count),
      );
      for (const [i, place] of places.entries()) data.set(drawn.subarray(i * size, (i + 1) * size), place * size);
    }
    return data;
  }

  /** Points of all its candidates, computed on first use. */
  points(): Promise<Points> {
    this.#points ??= Promise.all(this.rows.map((row) => this.#source.points(row))).then(joinPoints);
    return this.#points;
  }

  /** Where it is in the batch. */
  placeOf(index: number): Place {
    const { count } = this.#source;
    return { row: this.rows[Math.floor(index / count)] as number, choice: index % count };
  }

  result(): PoolScores {
    return { indices: this.#indices, blended: this.#blended(this.#indices), byGuide: this.#byGuide };
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

/** Whether a guide's scores are known without asking it. */
function takeKnown(pools: readonly ScoredPool[], guide: GuideRunner, index: number): boolean {
  if (!pools.every((pool) => pool.takeKnown(index))) return false;
  guide.countScored(
    pools.reduce((sum, { size }) => sum + size, 0),
    0,
  );
  return true;
}

/** Scores all candidates of all rows: at once and without a copy if they are drawn, otherwise row by row. */
async function scoreRows(
  pools: readonly ScoredPool[],
  guide: GuideRunner,
  index: number,
  source: CandidateSource,
  { level, signal, finish }: ScoringOptions,
): Promise<void> {
  const { drawn, rows, count, channels, side } = source;
  const scoresOf = async (data: Float32Array, firstRow: number, batch: number) => {
    const placeAt = (n: number) => ({ row: firstRow + Math.floor(n / count), choice: n % count });
    const places = () => Array.from({ length: batch * count }, (_, n) => placeAt(n));
    const foreseen = finish && { finishes: () => finish(places()) };
    return await guide.score({ data, batch, count, channels, side, ...foreseen }, level, signal);
  };
  const scores = new Float64Array(rows * count);
  if (drawn) scores.set(await scoresOf(drawn, 0, rows));
  else for (let row = 0; row < rows; row++) scores.set(await scoresOf(await source.drawAll(row), row, 1), row * count);
  for (const pool of pools) {
    const all = pool.scoresOf(index);
    for (const [beam, row] of pool.rows.entries())
      all.set(scores.subarray(row * count, (row + 1) * count), beam * count);
  }
}

/** Scores a list of candidates per pool; lists of equal length are scored in one call. */
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
    const candidates = await gathered(pools, lists, members, length, level.side);
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

async function gathered(
  pools: readonly ScoredPool[],
  lists: readonly (readonly number[])[],
  members: readonly number[],
  count: number,
  side: number,
): Promise<Candidates> {
  const parts: Float32Array[] = [];
  for (const member of members)
    parts.push(await (pools[member] as ScoredPool).draw(lists[member] as readonly number[]));
  const each = parts[0]?.length ?? 0;
  const data = members.length === 1 ? (parts[0] as Float32Array) : new Float32Array(members.length * each);
  if (members.length > 1) for (const [i, part] of parts.entries()) data.set(part, i * each);
  return { data, batch: members.length, count, channels: each / count / (side * side), side };
}
