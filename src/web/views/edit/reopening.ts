/** Opens pictures of the history, and links, whose pictures are kept in the browser alone. */
import { signal } from '@preact/signals';
import { type SavedPicture, toEdit } from '../../state/history.ts';
import { promptOf, type Recipe, titleOf } from '../../state/recipe.ts';
import { MODES } from './modes.ts';
import { blobOfUrl } from './pictures.ts';
import { chooseModel, clearAnswers, mode, setPrompt, take } from './session.ts';

/** What a link could not hold. */
export const missing = signal<readonly string[]>([]);

/** Mode, model and prompt of a recipe. */
export function prepare(recipe: Recipe, isConditional = !recipe.guides.some(({ name }) => name === 'inpaint')): void {
  const wanted = MODES.find((one) => (isConditional ? one.isConditional : one.name === 'repaint'));
  clearAnswers();
  if (wanted) mode.value = wanted;
  if (recipe.model !== undefined) chooseModel(recipe.model);
  setPrompt(promptOf(recipe));
}

/** Of a conditional model: what it started from, to be filled in again. Else the finished picture, to be gone on with. */
export async function reopen(saved: SavedPicture): Promise<void> {
  toEdit.value = null;
  const { kept, recipe } = saved;
  if (!kept) return;
  const { condition, file } = kept;
  prepare(recipe, condition !== undefined);
  await take(condition === undefined ? file : blobOfUrl(condition), titleOf(recipe), true);
}
