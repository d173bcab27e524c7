/** State of the Choose view: the running request, and the choices made so far. */
import { computed, signal } from '@preact/signals';
import { announce } from '../../state/announce.ts';
import { modelNamed } from '../../state/catalogue.ts';
import { idOf, remember, type SavedPicture } from '../../state/history.ts';
import { LiveRun } from '../../state/live.ts';
import { dropPending, keepPending, pendingOf } from '../../state/pending.ts';
import { bodyOf, EMPTY, type GuideUse } from '../../state/recipe.ts';
import { PACES, type Pace } from './pace.ts';

/** A choice made by the person. */
export interface Step {
  /** Number of levels before it. */
  readonly level: number;
  readonly side: number;
  /** Data URL of the chosen picture; null for no preference. */
  readonly url: string | null;
}

export type Phase = 'before' | 'choosing' | 'paused' | 'finishing' | 'done' | 'failed';

export const pace = signal<Pace>(PACES[0] as Pace);
export const words = signal('');
export const run = signal<LiveRun | null>(null);
export const phase = signal<Phase>('before');
export const trail = signal<readonly Step[]>([]);
export const saved = signal<SavedPicture | null>(null);

export const levels = computed(() => run.value?.about.value?.levels ?? modelNamed(undefined)?.levels ?? []);

/** Weight of the person, greater than that of the prompt. */
const PERSON_WEIGHT = 4;
const SHOWN = 9;

const VIEW = 'choose';

export function begin(): void {
  trail.value = [];
  descend([]);
}

/** Resumes at the question that was open when the page was left. */
export function resume(): void {
  if (run.value) return;
  const kept = pendingOf(VIEW);
  if (!kept || !isSteps(kept.trail) || !isChoices(kept.choices)) return;
  pace.value = PACES.find(({ name }) => name === kept.pace) ?? pace.value;
  words.value = typeof kept.words === 'string' ? kept.words : '';
  trail.value = kept.trail;
  descend(kept.choices);
}

function isSteps(value: unknown): value is Step[] {
  const isStep = (one: Partial<Step> | null) => Number.isInteger(one?.level) && Number.isInteger(one?.side);
  return Array.isArray(value) && value.every(isStep);
}

function isChoices(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
}

/** Picks a candidate of the open question; −1: no preference. */
export function pick(index: number, url: string | null): void {
  const question = run.value?.question.value;
  if (!question) return;
  trail.value = [...trail.value, { level: question.level, side: question.side, url }];
  run.value?.choose(index < 0 ? [] : [index]);
}

/** Goes back to a choice, to make it again. */
export function backTo(step: number): void {
  const to = trail.value[step];
  const choices = run.value?.choices.value ?? [];
  if (!to) return;
  trail.value = trail.value.slice(0, step);
  descend(choices.slice(0, to.level));
}

/** Continues after a question that timed out. */
export function resumePaused(): void {
  descend(resumeFrom);
}

/** Makes the remaining choices automatically. */
export function finishAutomatically(): void {
  finishFrom(run.value?.choices.value ?? []);
}

/** Makes all choices after the person's last one again, automatically. */
export function finishDifferently(): void {
  const last = trail.value.at(-1)?.level ?? -1;
  finishFrom((run.value?.choices.value ?? []).slice(0, last + 1));
}

function finishFrom(choices: readonly number[]): void {
  void follow(
    new LiveRun(bodyOf({ ...EMPTY, guides: wordGuide(), ...(choices.length > 0 ? { prefix: choices } : {}) })),
    'finishing',
  );
}

function descend(prefix: readonly number[]): void {
  const { questionsPerSide, toSide } = pace.value;
  const params = { shortlist: SHOWN, questionsPerSide, ...(toSide === null ? {} : { toSide }) };
  const guides = [{ name: 'human', weight: PERSON_WEIGHT, params }, ...wordGuide()];
  const recipe = { ...EMPTY, guides, ...(prefix.length > 0 ? { prefix } : {}) };
  void follow(new LiveRun(bodyOf(recipe)), 'choosing');
}

function wordGuide(): GuideUse[] {
  const prompt = words.value.trim();
  return prompt ? [{ name: 'text', weight: 1, params: { prompt } }] : [];
}

async function follow(next: LiveRun, during: Phase): Promise<void> {
  run.value?.dispose();
  [run.value, phase.value, saved.value] = [next, during, null];
  const stopWatching = next.missed.subscribe((missed) => {
    if (missed && run.value === next) pause(next);
  });
  // Also while it is paused: a reload resumes at the same question.
  const stopKeeping = next.question.subscribe((question) => {
    if (!question || run.value !== next) return;
    const choices = next.choices.value.slice(0, question.level);
    keepPending(VIEW, { pace: pace.value.name, words: words.value, trail: trail.value, choices });
  });
  await next.ended;
  stopWatching();
  stopKeeping();
  if (run.value !== next || phase.value === 'paused') return;
  dropPending(VIEW);
  if (next.state.value === 'done') await finish(next);
  else if (next.state.value === 'failed') phase.value = 'failed';
}

/** Choices before the question that timed out. */
let resumeFrom: readonly number[] = [];

/** Stops the request, so that it does not occupy the server meanwhile. */
function pause(missed: LiveRun): void {
  resumeFrom = missed.choices.value;
  phase.value = 'paused';
  missed.stop();
  announce('Paused: the question timed out');
}

async function finish(done: LiveRun): Promise<void> {
  const about = done.about.value;
  const codeString = done.slots.value[0]?.codeString;
  if (!about || !codeString) return;
  const { model, hash, seed } = about;
  const one = { model, hash, codeString, recipe: { ...EMPTY, model, seed, guides: wordGuide(), byHand: true } };
  saved.value = { ...one, id: idOf(one), at: Date.now() };
  phase.value = 'done';
  announce('Finished');
  await remember([saved.value]);
}
