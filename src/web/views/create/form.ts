/** What the form of Create holds. */
import { computed, signal } from '@preact/signals';
import { EMPTY, type GuideUse, promptOf, type Recipe } from '../../state/recipe.ts';

const WORDS = 'text';

export const recipe = signal<Recipe>({ ...EMPTY, count: 4 });
export const prompt = computed(() => promptOf(recipe.value));

export function change(changed: Partial<Recipe>): void {
  recipe.value = { ...recipe.value, ...changed };
}

/** Words are a guide like any other, but come first. */
export function setPrompt(text: string): void {
  const { guides } = recipe.value;
  const others = guides.filter(({ name }) => name !== WORDS);
  const words = guides.find(({ name }) => name === WORDS) ?? { name: WORDS, weight: 1, params: {} };
  change({ guides: text === '' ? others : [{ ...words, params: { ...words.params, prompt: text } }, ...others] });
}

export function addGuide(name: string): void {
  change({ guides: [...recipe.value.guides, { name, weight: 1, params: {} }] });
}

export function changeGuide(index: number, use: GuideUse): void {
  change({ guides: recipe.value.guides.map((one, n) => (n === index ? use : one)) });
}

export function removeGuide(index: number): void {
  change({ guides: recipe.value.guides.filter((_, n) => n !== index) });
}

/** Without what went on from another picture. */
export function startAnew(): void {
  const { prefix: _, ...rest } = recipe.value;
  recipe.value = rest;
}
