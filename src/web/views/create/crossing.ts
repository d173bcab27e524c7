/** Two pictures joined: the first levels of one, the rest of the other. */
import { computed, signal } from '@preact/signals';
import { models } from '../../state/catalogue.ts';
import { codeText, parseCode } from '../../state/code.ts';
import { idOf, type Made, remember } from '../../state/history.ts';
import { open } from './session.ts';

/** The first of the two, while a person looks for the second. */
export const crossing = signal<Made | null>(null);
export const partner = signal<Made | null>(null);
/** So many levels are of the first. */
export const share = signal(12);

/** Takes the second; false where the two do not go together. */
export function crossWith(made: Made): boolean {
  const first = crossing.value;
  if (!first || first.id === made.id || first.model !== made.model || first.hash !== made.hash) return false;
  partner.value = made;
  return true;
}

export const levelCount = computed(
  () => models.value.find(({ name }) => name === crossing.value?.model)?.levels.length ?? 0,
);

export const joined = computed<Made | null>(() => {
  const [a, b] = [crossing.value, partner.value];
  const levels = models.value.find(({ name }) => name === a?.model)?.levels;
  const [codeA, codeB] = [
    a && levels && parseCode(a.codeString, levels),
    b && levels && parseCode(b.codeString, levels),
  ];
  if (!a || !codeA || !codeB || !levels) return null;
  const codeString = codeText([...codeA.slice(0, share.value), ...codeB.slice(share.value)], levels);
  const made = { model: a.model, hash: a.hash, codeString, recipe: { ...a.recipe, guides: [], seed: null, count: 1 } };
  return { ...made, id: idOf(made), at: Date.now() };
});

export function endCrossing(): void {
  [crossing.value, partner.value] = [null, null];
}

export async function keepJoined(): Promise<void> {
  const made = joined.value;
  if (!made) return;
  endCrossing();
  open(made);
  await remember([made]);
}
