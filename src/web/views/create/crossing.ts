/** Crossover of two pictures: the first levels of one, the rest of the other. */
import { computed, signal } from '@preact/signals';
import { models } from '../../state/catalogue.ts';
import { codeText, parseCode } from '../../state/code.ts';
import { idOf, remember, type SavedPicture } from '../../state/history.ts';
import { open } from './session.ts';

/** The first picture, while the second is being selected. */
export const crossing = signal<SavedPicture | null>(null);
export const partner = signal<SavedPicture | null>(null);
/** Number of levels from the first picture. */
export const share = signal(12);

/** Selects the second picture; false if it is the same picture or of another model. */
export function crossWith(saved: SavedPicture): boolean {
  const first = crossing.value;
  if (!first || first.id === saved.id || first.model !== saved.model || first.hash !== saved.hash) return false;
  partner.value = saved;
  return true;
}

export const levelCount = computed(
  () => models.value.find(({ name }) => name === crossing.value?.model)?.levels.length ?? 0,
);

/** The combined picture. */
export const joined = computed<SavedPicture | null>(() => {
  const [a, b] = [crossing.value, partner.value];
  const levels = models.value.find(({ name }) => name === a?.model)?.levels;
  const [codeA, codeB] = [
    a && levels && parseCode(a.codeString, levels),
    b && levels && parseCode(b.codeString, levels),
  ];
  if (!a || !codeA || !codeB || !levels) return null;
  const codeString = codeText([...codeA.slice(0, share.value), ...codeB.slice(share.value)], levels);
  const saved = { model: a.model, hash: a.hash, codeString, recipe: { ...a.recipe, guides: [], seed: null, count: 1 } };
  return { ...saved, id: idOf(saved), at: Date.now() };
});

export function endCrossing(): void {
  [crossing.value, partner.value] = [null, null];
}

export async function keepJoined(): Promise<void> {
  const saved = joined.value;
  if (!saved) return;
  endCrossing();
  open(saved);
  await remember([saved]);
}
