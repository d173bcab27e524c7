/** Recipes: the parameters of a request, as stored by the form, the history and links. */
import type { GenerateBody } from '../../client/client.ts';

export interface GuideUse {
  readonly name: string;
  readonly weight: number;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Recipe {
  /** Default: the server's default model. */
  readonly model?: string;
  readonly guides: readonly GuideUse[];
  readonly count: number;
  /** null: chosen by the server. */
  readonly seed: number | null;
  readonly sampler: {
    readonly top?: number;
    readonly temperature?: number;
    readonly beams?: number;
    readonly particles?: number;
  };
  /** Choices of the first levels, if it continues another picture. */
  readonly prefix?: readonly number[];
  /** Whether a person chose level by level. */
  readonly byHand?: boolean;
}

export const EMPTY: Recipe = { guides: [], count: 1, seed: null, sampler: {} };

/** Pictures of a request, unless it says otherwise. */
export const USUAL_COUNT = 4;

/** Side of finished pictures: twice the usual display size, for high-density screens. */
const SHOWN_SIZE = 512;

export function bodyOf({ model, guides, count, seed, sampler, prefix }: Recipe): GenerateBody {
  return {
    ...(model === undefined ? {} : { model }),
    guides: guides.filter(saysSomething).map(({ name, weight, params }) => ({ name, weight, params: { ...params } })),
    count,
    sampler,
    format: 'webp',
    size: SHOWN_SIZE,
    ...(seed === null ? {} : { seed }),
    ...(prefix === undefined ? {} : { prefix: [[...prefix]] }),
  };
}

/** Words of spaces alone are none. */
function saysSomething({ name, params }: GuideUse): boolean {
  return name !== 'text' || typeof params.prompt !== 'string' || params.prompt.trim() !== '';
}

/** The words of its guide `text`, if it has one. */
export function promptOf({ guides }: Pick<Recipe, 'guides'>): string {
  const prompt = guides.find(({ name }) => name === 'text')?.params.prompt;
  return Array.isArray(prompt) ? prompt.join(', ') : typeof prompt === 'string' ? prompt : '';
}

/** Short title of a recipe. */
export function titleOf(recipe: Pick<Recipe, 'guides' | 'byHand'>): string {
  const names = recipe.guides.map(({ name }) => name.replaceAll('_', ' '));
  const words = promptOf(recipe) || names.join(' + ');
  return recipe.byHand ? `chosen by hand${words && `: ${words}`}` : words || 'at random';
}

/** Largest number of results accepted from a link or from storage. */
const MAX_COUNT = 64;

/** Parses a recipe from JSON; null if it is not one. */
export function parseRecipe(value: unknown): Recipe | null {
  if (typeof value !== 'object' || value === null) return null;
  const { model, guides, count, seed, sampler, prefix, byHand } = value as Record<string, unknown>;
  if (!Array.isArray(guides) || !guides.every(isGuideUse)) return null;
  const isWhole = (one: unknown): one is number => Number.isSafeInteger(one) && Number(one) >= 0;
  return {
    ...(typeof model === 'string' ? { model } : {}),
    guides: guides.map(({ name, weight, params }) => ({ name, weight, params })),
    count: isWhole(count) ? Math.min(Math.max(count, 1), MAX_COUNT) : 1,
    seed: isWhole(seed) ? seed : null,
    sampler: typeof sampler === 'object' && sampler !== null ? (sampler as Recipe['sampler']) : {},
    ...(Array.isArray(prefix) && prefix.every(isWhole) ? { prefix } : {}),
    ...(byHand === true ? { byHand } : {}),
  };
}

function isGuideUse(value: unknown): value is GuideUse {
  if (typeof value !== 'object' || value === null) return false;
  const { name, weight, params } = value as Partial<Record<keyof GuideUse, unknown>>;
  return typeof name === 'string' && typeof weight === 'number' && typeof params === 'object' && params !== null;
}
