/** What is on the stage of Create: a request while it runs and after, or a picture that was made before. */
import { computed, signal } from '@preact/signals';
import { announce } from '../../state/announce.ts';
import { type Made, remember } from '../../state/history.ts';
import { LiveRun } from '../../state/live.ts';
import { bodyOf, type Recipe, titleOf } from '../../state/recipe.ts';

export const live = signal<LiveRun | null>(null);
/** A picture from history, or of a link. */
export const opened = signal<Made | null>(null);
/** Which result of the run the buttons are about. */
export const selected = signal(0);
/** Level that is looked at; null: the latest. */
export const scrubbed = signal<number | null>(null);

export const isRunning = computed(() => ['waiting', 'running'].includes(live.value?.state.value ?? ''));

/** Pictures of the run on the stage, as they were remembered. */
export const finished = signal<readonly Made[]>([]);

export async function generate(recipe: Recipe): Promise<void> {
  live.value?.dispose();
  const run = new LiveRun(bodyOf(recipe));
  [live.value, opened.value, selected.value, scrubbed.value, finished.value] = [run, null, 0, null, []];
  announce('Generating');
  await run.ended;
  if (live.value !== run) return;
  if (run.state.value === 'failed') announce('That failed.');
  else if (run.state.value === 'stopped') announce('Stopped.');
  else {
    finished.value = madeBy(run, recipe);
    announce(`Finished: ${titleOf(recipe)}`);
    await remember(finished.value);
  }
}

export function open(made: Made): void {
  live.value?.dispose();
  [live.value, opened.value, selected.value, scrubbed.value, finished.value] = [null, made, 0, null, []];
}

function madeBy(run: LiveRun, recipe: Recipe): Made[] {
  const about = run.about.value;
  if (!about) return [];
  const { model, hash, seed } = about;
  return run.slots.value.flatMap(({ code, codeString }) => {
    if (!code || !codeString) return [];
    const id = `${model}@${hash.slice(0, 8)}/${codeString}`;
    return [{ id, at: Date.now(), model, hash, code, codeString, recipe: { ...recipe, model, seed } }];
  });
}
