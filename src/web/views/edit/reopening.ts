/** Reopens kept pictures of the history, and links to their settings. */
import { signal } from '@preact/signals';
import { type SavedPicture, toEdit } from '../../state/history.ts';
import { promptOf, type Recipe, titleOf } from '../../state/recipe.ts';
import { MODES } from './modes.ts';
import { blobOfUrl } from './pictures.ts';
import { chooseModel, clearAnswers, mode, openSource, setPrompt } from './session.ts';

/** Names of the inputs that the link does not contain. */
export const missing = signal<readonly string[]>([]);

/** Restores mode, model and prompt of a recipe. */
export function prepare(recipe: Recipe, isConditional = !recipe.guides.some(({ name }) => name === 'inpaint')): void {
  const wanted = MODES.find((one) => (isConditional ? one.isConditional : one.name === 'repaint'));
  clearAnswers();
  if (wanted) mode.value = wanted;
  if (recipe.model !== undefined) chooseModel(recipe.model);
  setPrompt(promptOf(recipe));
}

/** Opens the input of a conditional model, to fill it in again; for other models, the finished picture, to edit it further. */
export async function reopen(saved: SavedPicture): Promise<void> {
  toEdit.value = null;
  const { kept, recipe } = saved;
  if (!kept) return;
  const { condition, file } = kept;
  prepare(recipe, condition !== undefined);
  await openSource(condition === undefined ? file : blobOfUrl(condition), titleOf(recipe), true);
}
