/** Looks up the models and guides of the inference processes. */
import { firstLevels, parseCode } from '../contract/codes.ts';
import { KandidError } from '../errors.ts';
import { nameHint } from '../kit/nearest-names.ts';
import type { ModelSummary, WorkerInfo } from '../worker/messages.ts';
import type { Services } from './services.ts';

const SOON_SECONDS = 2;

/** @throws {KandidError} not_ready */
export function infoOf({ pool }: Services): WorkerInfo {
  if (pool.info) return pool.info;
  throw pool.problem() ?? new KandidError('not_ready', { retrySeconds: SOON_SECONDS });
}

/** @throws {KandidError} model_unknown, not_ready */
export function modelOf(services: Services, name?: string): ModelSummary {
  const { models, defaultModel } = infoOf(services);
  const wanted = name ?? defaultModel;
  const found = models.find((one) => one.name === wanted);
  if (found) return found;
  const names = models.map((one) => one.name);
  throw new KandidError('model_unknown', { name: wanted.slice(0, 200), hint: nameHint(wanted, names) });
}

/**
 * Resolves a model name from an OpenAI client: an exact alias, a model's own name, or else the longest matching alias
 * that ends in `*`.
 *
 */
export function aliasedModelOf(services: Services, name?: string): ModelSummary {
  const { aliases } = services.settings;
  const isOwn = infoOf(services).models.some((one) => one.name === name);
  if (name === undefined || (isOwn && !Object.hasOwn(aliases, name))) return modelOf(services, name);
  const fitting = Object.keys(aliases)
    .filter((alias) => (isWildcard(alias) ? name.startsWith(alias.slice(0, -1)) : name === alias))
    .sort((a, b) => Number(isWildcard(a)) - Number(isWildcard(b)) || b.length - a.length);
  const [alias] = fitting;
  return modelOf(services, alias === undefined ? name : aliases[alias] || undefined);
}

/** Whether an alias is a prefix that ends in `*`. */
export function isWildcard(alias: string): boolean {
  return alias.endsWith('*');
}

/** @throws {KandidError} code_invalid */
export function wholeCode(code: string | readonly number[], { levels }: ModelSummary): number[] {
  return parseCode(code, candidateCountsOf({ levels }));
}

export function candidateCountsOf({ levels }: Pick<ModelSummary, 'levels'>): number[] {
  return levels.map(({ candidates }) => candidates);
}

/** The first levels of a whole code, for varying the rest. @throws {KandidError} code_invalid, option_invalid */
export function firstLevelsOf(code: string | readonly number[], keep: number, { levels }: ModelSummary): number[] {
  return firstLevels(code, keep, candidateCountsOf({ levels }));
}
