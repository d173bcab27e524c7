/** State of the Create view: a request during and after its run, or a picture of the history. */
import { computed, effect, signal } from '@preact/signals';
import { announce } from '../../state/announce.ts';
import { idOf, remember, type SavedPicture } from '../../state/history.ts';
import { LiveRun } from '../../state/live.ts';
import { dropPending, keepPending, pendingOf } from '../../state/pending.ts';
import { bodyOf, parseRecipe, type Recipe, titleOf } from '../../state/recipe.ts';
import { shareUrl } from '../../state/share.ts';

export const live = signal<LiveRun | null>(null);
/** Pictures of the ended run, or the opened one. */
export const pictures = signal<readonly SavedPicture[]>([]);
/** Index of the selected picture. */
export const selected = signal(0);
/** Level that is shown; null: the latest. */
export const scrubbed = signal<number | null>(null);

export const current = computed(() => pictures.value[selected.value] ?? null);
export const isRunning = computed(() => ['waiting', 'running'].includes(live.value?.state.value ?? ''));

const VIEW = 'create';

export async function generate(recipe: Recipe): Promise<void> {
  await follow(new LiveRun(bodyOf(recipe)), recipe);
}

/** Resumes the request that was running when the page was left; returns its recipe, or null. */
export function resume(): Recipe | null {
  if (live.value) return null;
  const { job, recipe: kept } = pendingOf(VIEW) ?? {};
  const recipe = parseRecipe(kept);
  if (!recipe || typeof job !== 'string') return null;
  void follow(new LiveRun(bodyOf(recipe), { job }), recipe);
  return recipe;
}

async function follow(run: LiveRun, recipe: Recipe): Promise<void> {
  show(run, []);
  announce('Generating');
  const stopKeeping = run.job.subscribe((job) => {
    if (job !== null) keepPending(VIEW, { job, recipe });
  });
  await run.ended;
  stopKeeping();
  if (live.value === run) dropPending(VIEW);
  if (live.value !== run) return;
  const state = run.state.value;
  announce(state === 'failed' ? 'Failed' : state === 'stopped' ? 'Stopped' : `Finished: ${titleOf(recipe)}`);
  if (state !== 'done') return;
  // The results are now sorted, best first: a selection other than the first follows its picture.
  if (selected.value > 0) selected.value = run.ranking.value.indexOf(selected.value);
  pictures.value = savedFrom(run, recipe);
  await remember(pictures.value);
}

export function open(saved: SavedPicture): void {
  show(null, [saved]);
}

function show(run: LiveRun | null, saved: readonly SavedPicture[]): void {
  live.value?.dispose();
  [live.value, pictures.value, selected.value, scrubbed.value] = [run, saved, 0, null];
}

function savedFrom(run: LiveRun, recipe: Recipe): SavedPicture[] {
  const about = run.about.value;
  if (!about) return [];
  const { model, hash, seed } = about;
  return run.slots.value.flatMap(({ codeString }) => {
    if (!codeString) return [];
    const saved = { model, hash, codeString, recipe: { ...recipe, model, seed } };
    return [{ ...saved, id: idOf(saved), at: Date.now() }];
  });
}

// The URL always links to what is shown.
effect(() => {
  const saved = current.value;
  if (saved) globalThis.history.replaceState(null, '', shareUrl(saved));
});

// Screen readers announce each new side, not each level, which would be too much.
let announced = 0;
effect(() => {
  const run = live.value;
  const side = run?.about.value?.levels[run.level.value]?.side ?? 0;
  if (side !== announced && side > 0) announce(`${side} by ${side} pixels`);
  announced = side;
});
