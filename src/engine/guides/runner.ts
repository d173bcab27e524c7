/** Runs guides: every call results in checked scores, or in one coded error that names the guide. */
import { types } from 'node:util';
import type { GuideUse } from '../../contract/events.ts';
import { KandidError, reasonOf } from '../../errors.ts';
import type { Candidates, Guide, LevelInfo, LinearForm, Preferences } from '../../guide.ts';

export interface GuideRunnerOptions {
  readonly timeoutSeconds: number;
  /**
   * Whether it receives the memory of the candidates itself, which other requests share; other guides get a copy.
   * @default false
   */
  readonly isTrusted?: boolean;
  /** Largest side in pixels at which it is asked, if it is expensive and sets none itself. @default unlimited */
  readonly finestAsked?: number | undefined;
}

/** Runs one guide of one request, and tracks its cost. */
export class GuideRunner {
  readonly name: string;
  readonly #guide: Guide;
  readonly #timeoutSeconds: number;
  readonly #isTrusted: boolean;
  readonly #finestAsked: number;
  #disposed = false;
  /** Controller of the last call, for reuse: set only if the guide answered synchronously, since nothing then holds its signal. */
  #spare: AbortController | null = null;
  #calls = 0;
  #scored = 0;
  #ms = 0;

  constructor(
    name: string,
    guide: Guide,
    { timeoutSeconds, isTrusted = false, finestAsked = Number.POSITIVE_INFINITY }: GuideRunnerOptions,
  ) {
    this.name = name;
    this.#guide = guide;
    this.#isTrusted = isTrusted;
    this.#finestAsked = finestAsked;
    this.#timeoutSeconds = this.prefers.patienceSeconds ?? timeoutSeconds;
  }

  get prefers(): Preferences {
    return this.#guarded(() => this.#guide.prefers ?? {});
  }

  /** Whether its scores are log-likelihoods. */
  get isLogLikelihood(): boolean {
    return this.#guarded(() => this.#guide.isLogLikelihood ?? false);
  }

  get use(): GuideUse {
    return { name: this.name, calls: this.#calls, candidates: this.#scored, ms: this.#ms };
  }

  /** How many candidates it wants to see first at a level, and how many more after that; Infinity: all of them. */
  budgetAt(level: LevelInfo): { readonly shortlist: number; readonly refine: number } {
    const { prefers } = this;
    const { shortlist = Number.POSITIVE_INFINITY, refine = 0 } = prefers;
    const times = this.#guarded(() => prefers.times?.(level) ?? 1);
    if (!(times > 0 && times < Number.POSITIVE_INFINITY))
      throw new KandidError('guide_failed', { guide: this.name, reason: `its prefers.times returned ${times}` });
    return { shortlist: Math.max(1, Math.round(shortlist * times)), refine: Math.round(refine * times) };
  }

  /**
   * Its score at a level as a quadratic form, for guides whose forms are known to equal their scores; null if it has
   * none.
   */
  linearAt(level: LevelInfo): LinearForm | null {
    return this.#isTrusted ? this.#guarded(() => this.#guide.linear?.(level) ?? null) : null;
  }

  /** Counts candidates that were scored by its form. */
  countScored(candidates: number, ms: number): void {
    this.#calls += 1;
    this.#scored += candidates;
    this.#ms += ms;
  }

  /** Number of candidates of one choice that it scores, if it is expensive; 0 if it is not, and scores all. */
  scoredAtMost(level: LevelInfo): number {
    if (this.prefers.shortlist === undefined) return 0;
    const { shortlist, refine } = this.budgetAt(level);
    return shortlist + refine;
  }

  /** Whether it scores at a level. */
  isActiveAt(level: LevelInfo): boolean {
    const { prefers } = this;
    const { fromSide = 0, toSide = prefers.shortlist === undefined ? Number.POSITIVE_INFINITY : this.#finestAsked } =
      prefers;
    if (level.side < fromSide || level.side > toSide) return false;
    return this.#guarded(() => prefers.asks?.(level) ?? true);
  }

  #guarded<T>(call: () => T): T {
    try {
      return call();
    } catch (thrown) {
      throw guideError(this.name, thrown);
    }
  }

  /**
   * Its scores, checked: one finite number per candidate.
   *
   * @throws {KandidError} guide_failed, guide_refused, guide_timeout, guide_score_count, guide_score_value,
   * guide_changed_input; `cancelled` as soon as the signal aborts
   */
  async score(candidates: Candidates, level: LevelInfo, signal: AbortSignal): Promise<Float32Array> {
    const data = this.#isTrusted ? candidates.data : candidates.data.slice();
    const before = checksum(data);
    const started = performance.now();
    const controller = this.#spare ?? new AbortController();
    this.#spare = null;
    const ask = (inner: AbortSignal) => {
      const answer = this.#guide.score({ ...candidates, data }, level, inner);
      if (!isPromise(answer)) this.#spare = controller;
      return answer;
    };
    const answer = await withTimeLimit(this.name, this.#timeoutSeconds, signal, ask, controller);
    this.#ms += performance.now() - started;
    this.#calls += 1;
    this.#scored += candidates.batch * candidates.count;
    return this.#guarded(() => {
      if (data.length === 0) throw new TypeError('it gave away the memory of the candidates');
      if (checksum(data) !== before) throw new KandidError('guide_changed_input', { guide: this.name });
      checkScores(this.name, answer, candidates.batch * candidates.count);
      return answer;
    });
  }

  /** Disposes of the guide; a failure is ignored, because it does not concern the caller. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    try {
      await this.#guide.dispose?.();
    } catch {
      // The scores were already returned, or the request failed for another reason.
    }
  }
}

/**
 * Runs a call of a guide with a time limit and the request's signal; both abort the signal passed to it. A guide that
 * computes synchronously cannot be interrupted: its result is used when it arrives.
 */
export async function withTimeLimit<T>(
  guide: string,
  seconds: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => T | Promise<T>,
  controller = new AbortController(),
): Promise<T> {
  throwIfCancelled(signal);
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  try {
    const answer = run(controller.signal);
    if (!isPromise(answer)) return answer;
    return await new Promise<T>((resolve, reject) => {
      const stop = (error: KandidError) => {
        reject(error);
        controller.abort(error);
      };
      onAbort = () => stop(cancelled());
      signal.addEventListener('abort', onAbort);
      if (signal.aborted) onAbort();
      // Above about 24 days, a timer would fire at once.
      const ms = Math.min(seconds * 1000, 2 ** 31 - 1);
      timer = setTimeout(() => stop(new KandidError('guide_timeout', { guide, seconds })), ms);
      answer.then(resolve, reject);
    });
  } catch (thrown) {
    throw guideError(guide, thrown);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

/** Converts any failure of a guide to a coded error with its name; coded errors are unchanged. */
export function guideError(guide: string, thrown: unknown): KandidError {
  if (thrown instanceof KandidError) return thrown;
  const isGuideProblem = thrown instanceof Error && thrown.name === 'GuideProblem';
  if (isGuideProblem) return new KandidError('guide_refused', { guide, problem: reasonOf(thrown) }, { cause: thrown });
  return new KandidError('guide_failed', { guide, reason: reasonOf(thrown) }, { cause: thrown });
}

/** @throws {KandidError} cancelled */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled();
}

function isPromise<T>(answer: T | Promise<T>): answer is Promise<T> {
  return typeof answer === 'object' && answer !== null && 'then' in answer;
}

function cancelled(): KandidError {
  return new KandidError('cancelled', { when: 'on request' });
}

function checkScores(guide: string, answer: unknown, expected: number): void {
  // An object that only claims to be one (a Proxy) cannot be read as one.
  if (!types.isFloat32Array(answer)) {
    const tag = types.isProxy(answer) ? 'a Proxy' : Object.prototype.toString.call(answer).slice(8, -1);
    const got = typeof answer === 'object' && answer !== null ? tag : String(answer);
    throw new KandidError('guide_failed', { guide, reason: `it returned ${got} and not a Float32Array` });
  }
  if (answer.length !== expected) throw new KandidError('guide_score_count', { guide, got: answer.length, expected });
  for (let index = 0; index < answer.length; index++) {
    const score = answer[index] as number;
    if (!Number.isFinite(score)) throw new KandidError('guide_score_value', { guide, got: String(score), index });
  }
}

/** Number of values in the checksum: enough to detect in-place normalization, and few because each is a cache miss. */
const SAMPLES = 256;

function checksum(data: Float32Array): number {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const step = Math.max(1, Math.floor(words.length / SAMPLES));
  let hash = words.length;
  for (let i = 0; i < words.length; i += step) hash = (Math.imul(hash, 31) + (words[i] as number)) | 0;
  return (Math.imul(hash, 31) + (words.at(-1) ?? 0)) | 0;
}
