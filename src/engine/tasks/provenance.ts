/** Provenance: how a picture was made, in the form that every interface writes into picture files. */
import type { GuideDefinition } from '../../guide.ts';
import type { Provenance } from '../../pictures/provenance.ts';
import type { PreparedTask, TaskPicture } from './task.ts';

const MAX_TEXT = 1000;
const MAX_ENTRIES = 32;
const MAX_DEPTH = 4;

/**
 * The provenance of one picture of a task.
 *
 * @param version of Kandid
 * @param weights of the guides, if they were changed during the run
 */
export function provenanceOf(
  version: string,
  { kind, model, seed, guides }: Pick<PreparedTask, 'kind' | 'model' | 'seed' | 'guides'>,
  { origin }: Pick<TaskPicture, 'origin'>,
  weights: readonly number[] | null = null,
): Provenance {
  const about = { kandid: version, model: model.network.info.name, hash: model.bundle.hash, ...origin };
  if (kind !== 'generate') return about;
  return {
    ...about,
    seed,
    guides: guides.map(({ name, weight, recorded }, i) => ({ name, weight: weights?.[i] ?? weight, params: recorded })),
  };
}

/** The parameters that a guide declares as `recorded`, if they are short. All others may be pictures or secrets. */
export function recordedParams(
  { recorded = [] }: Pick<GuideDefinition, 'recorded'>,
  params: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = recorded.map((name) => [name, short(params[name], 0)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** A plain value without large parts. */
function short(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.length <= MAX_TEXT ? value : undefined;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object' || ArrayBuffer.isView(value) || depth >= MAX_DEPTH) return undefined;
  if (Array.isArray(value))
    return value.length <= MAX_ENTRIES ? value.map((item) => short(item, depth + 1) ?? null) : undefined;
  const entries = Object.entries(value).slice(0, MAX_ENTRIES);
  return Object.fromEntries(entries.map(([name, entry]) => [name, short(entry, depth + 1)]));
}
