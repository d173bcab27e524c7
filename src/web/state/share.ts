/** Links that hold a picture's code and its settings. */
import { idOf, type SavedPicture } from './history.ts';
import { parseRecipe, type Recipe } from './recipe.ts';
import { addressOf } from './router.ts';

/** Longer strings in a recipe are pictures, and are left out of links. */
const LONGEST_TEXT = 2000;

export interface Shared {
  readonly recipe: Recipe | null;
  /** The picture, as in its permalink. */
  readonly picture: { readonly model: string; readonly hash: string; readonly code: string } | null;
  /** Whether the link is truncated or altered. */
  readonly isDamaged: boolean;
  /** Guides that were left out of the link because they need a picture. */
  readonly missing: readonly string[];
}

/** The full URL. For a kept picture, the link holds only the settings, and names the missing inputs. */
export function shareUrl(saved: Pick<SavedPicture, 'model' | 'hash' | 'codeString' | 'recipe' | 'kept'>): string {
  const { recipe, kept } = saved;
  const isLight = ({ params }: Recipe['guides'][number]) => JSON.stringify(params).length <= LONGEST_TEXT;
  const missing = [
    ...(kept?.condition ? ['condition'] : []),
    ...recipe.guides.filter((guide) => !isLight(guide)).map(({ name }) => name),
  ];
  const light = { ...recipe, guides: recipe.guides.filter(isLight) };
  const hashed = addressOf(kept ? 'edit' : 'create', {
    ...(kept ? {} : { p: idOf(saved) }),
    r: toBase64Url(JSON.stringify(light)),
    ...(missing.length > 0 ? { without: missing.join(' ') } : {}),
  });
  return `${location.origin}${location.pathname}${hashed}`;
}

export function readShared(params: URLSearchParams): Shared | null {
  const [, model, hash, code] = /^([^@/]+)@([0-9a-f]{8,64})\/([\w-]+)$/.exec(params.get('p') ?? '') ?? [];
  const recipe = recipeIn(params.get('r'));
  if (!params.has('p') && !params.has('r')) return null;
  const picture = model && hash && code ? { model, hash, code } : null;
  const isDamaged = (params.has('p') && !picture) || (params.has('r') && !recipe);
  return { recipe, picture, isDamaged, missing: (params.get('without') ?? '').split(' ').filter(Boolean) };
}

function recipeIn(text: string | null): Recipe | null {
  if (text === null) return null;
  try {
    return parseRecipe(JSON.parse(fromBase64Url(text)));
  } catch {
    return null;
  }
}

function toBase64Url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function fromBase64Url(text: string): string {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
}
