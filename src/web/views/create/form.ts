/** State of the form of Create. */
import { computed, signal } from '@preact/signals';
import { fieldsOf, nameInWords } from '../../parts/schema.ts';
import { guides } from '../../state/catalogue.ts';
import { EMPTY, type GuideUse, promptOf, type Recipe, USUAL_COUNT } from '../../state/recipe.ts';

/** The guide `text`, which has its own field at the top. */
export const WORDS = 'text';
/** The guide of "More like this". */
export const LIKE = 'target';

export const recipe = signal<Recipe>({ ...EMPTY, count: USUAL_COUNT });
export const prompt = computed(() => promptOf(recipe.value));

export function change(changed: Partial<Recipe>): void {
  recipe.value = { ...recipe.value, ...changed };
}

export function setPrompt(text: string): void {
  const others = recipe.value.guides.filter(({ name }) => name !== WORDS);
  const words = recipe.value.guides.find(({ name }) => name === WORDS) ?? { name: WORDS, weight: 1, params: {} };
  change({ guides: text === '' ? others : [{ ...words, params: { ...words.params, prompt: text } }, ...others] });
}

/** What the pictures should not show. */
export const negative = computed(() => {
  const given = recipe.value.guides.find(({ name }) => name === WORDS)?.params.negative;
  return Array.isArray(given) ? given.join(', ') : typeof given === 'string' ? given : '';
});

export function setNegative(text: string): void {
  change({
    guides: recipe.value.guides.map((use) => {
      if (use.name !== WORDS) return use;
      const { negative: _, ...params } = use.params;
      return { ...use, params: text === '' ? params : { ...params, negative: text } };
    }),
  });
}

export function addGuide(name: string, params: GuideUse['params'] = {}): void {
  change({ guides: [...recipe.value.guides, { name, weight: 1, params }] });
}

export function changeGuide(index: number, use: GuideUse): void {
  change({ guides: recipe.value.guides.map((one, n) => (n === index ? use : one)) });
}

export function removeGuide(index: number): void {
  change({ guides: recipe.value.guides.filter((_, n) => n !== index) });
}

/** Removes the prefix of another picture. */
export function startAnew(): void {
  const { prefix: _, ...rest } = recipe.value;
  recipe.value = rest;
}

/** What a guide of the form still needs, as a message; null if nothing. */
export function missingIn({ name, params }: GuideUse): string | null {
  if (name === 'human') return 'The guide human works in the view Choose only. Remove it here.';
  const guide = guides.value.find((one) => one.name === name);
  if (!guide) return guides.value.length > 0 ? `This server has no guide "${name}". Remove it.` : null;
  const missing = fieldsOf(guide.params).needed.filter((field) => params[field] === undefined);
  return missing.length > 0 ? `It still needs: ${missing.map(nameInWords).join(', ')}.` : null;
}
