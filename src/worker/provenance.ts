/** How a job's pictures were made, as it is written into their files. */
import type { Provenance } from '../pictures/provenance.ts';
import type { ResultPicture, Work } from './messages.ts';

/** Longer texts are pictures, or no help to a reader. */
const MOST_TEXT = 1000;
const MOST_FIELDS = 32;
const MOST_DEPTH = 4;

export interface Made {
  /** Of Kandid. */
  readonly version: string;
  readonly work: Work;
  readonly model: string;
  readonly hash: string;
  readonly seed: number;
  /** Of the guides, where they were changed on the way. */
  readonly weights: readonly number[] | null;
}

export function provenanceOf(made: Made, { code, codeString }: Pick<ResultPicture, 'code' | 'codeString'>): Provenance {
  const { version, work, model, hash, seed, weights } = made;
  const about = { kandid: version, model, hash, code: codeString || null };
  const level = codeString ? {} : { level: code.length };
  if (work.kind !== 'generate') return { ...about, ...level };
  const guides = (work.request.guides ?? []).map(({ name, weight = 1, params = {} }, i) => ({
    ...{ name, weight: weights?.[i] ?? weight },
    params: shown(params, 0) as Record<string, unknown>,
  }));
  return { ...about, ...level, seed, guides };
}

/** Plain values that are short; pictures and whatever else is large are left out. */
function shown(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length <= MOST_TEXT ? value : undefined;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object' || ArrayBuffer.isView(value) || depth >= MOST_DEPTH) return undefined;
  if (Array.isArray(value))
    return value.length <= MOST_FIELDS ? value.map((item) => shown(item, depth + 1) ?? null) : undefined;
  const fields = Object.entries(value).slice(0, MOST_FIELDS);
  return Object.fromEntries(fields.map(([name, field]) => [name, shown(field, depth + 1)]));
}
