/** State of the Edit view: the picture being edited, and its results. */
import { computed, effect, signal, untracked } from '@preact/signals';
import type { GenerateBody } from '../../../client/client.ts';
import { readAsUrl } from '../../parts/picture-field.tsx';
import { announce } from '../../state/announce.ts';
import { conditionalModels, modelNamed, plainModels } from '../../state/catalogue.ts';
import { idOf, type KeptPicture, keptId, remember, type SavedPicture } from '../../state/history.ts';
import { LiveRun } from '../../state/live.ts';
import { bodyOf, type Recipe } from '../../state/recipe.ts';
import { dotOf } from './layer.ts';
import { acceptsLines, type Figure, MODES, type Mode, type Plan } from './modes.ts';
import { Painting } from './painting.ts';
import { enlarged, fileFromCondition, fileOf, openPicture, type Source, urlOf } from './pictures.ts';
import { type Pixels, shrunk } from './pixels.ts';

/** Colour of the mask overlay; the server receives black and white. */
const MASK_COLOUR = '#e0401a';
const INK = '#000000';
const PAINT = '#1f6feb';
/** Brush diameters in dots: for lines (thinner ones give less crisp results) and for colours. */
const PEN = 3;
const BROAD = 24;
/** Diameter of the mask's brush as a share of the picture's longer side. */
const MASK_BRUSH = 0.11;
/** Sampling if several results are requested. */
const SEVERAL_TOP = 2;

export const mode = signal<Mode>(MODES[0] as Mode);
/** Selected models: an unconditional and a conditional one. */
const modelNames = { plain: signal<string | undefined>(undefined), conditional: signal<string | undefined>(undefined) };
export const source = signal<Source | null>(null);
/** The style picture. */
export const style = signal<Source | null>(null);
/** Prompts by mode, so that the prompt of one mode does not affect another. */
const prompts = signal<Readonly<Record<string, string>>>({});
export const prompt = computed(() => prompts.value[mode.value.name] ?? '');
export const count = signal(1);
export const beams = signal(1);
export const sigma = signal(0.3);
export const addsNoise = signal(false);
/** Whether Repaint keeps the unmarked parts bit for bit; otherwise results are the model's squares. */
export const keepsWhole = signal(true);
/** Selected size; null: half the model's side, or the picture's own if smaller. */
export const smallSide = signal<number | null>(null);
export const mask = new Painting(dotOf(MASK_COLOUR));
export const sketch = new Painting(dotOf(PAINT));
export const lines = new Painting(dotOf(INK), PEN);
export const tints = new Painting(dotOf(PAINT), BROAD);

/** A finished picture. */
export interface Answer {
  readonly saved: SavedPicture;
  /** A PNG file. @param size side in pixels; ignored for kept pictures. @default the picture's own */
  file(size?: number): Promise<Blob>;
}

/** The last request and its inputs. */
export interface EditRequest {
  readonly run: LiveRun;
  readonly plan: Plan;
  readonly before: string;
}
export const current = signal<EditRequest | null>(null);
export const answers = signal<readonly Answer[]>([]);
export const figures = signal<readonly (readonly Figure[])[]>([]);
/** Index of the shown result. */
export const chosen = signal(0);
/** Problem with an input picture or a result. */
export const problem = signal<Error | null>(null);

/** Modes for which the server has a model. */
export const modes = computed(() => MODES.filter((one) => !one.isConditional || conditionalModels.value.length > 0));
export const usable = computed(() => (mode.value.isConditional ? conditionalModels : plainModels).value);
export const model = computed(() => {
  if (!mode.value.isConditional) return modelNamed(modelNames.plain.value);
  const all = conditionalModels.value;
  const selected = all.find(({ name }) => name === modelNames.conditional.value);
  return selected ?? all.find(({ condition }) => acceptsLines(condition?.kind ?? null)) ?? all[0];
});
/** Kind of the model's condition; null if it has none. */
export const conditionKind = computed(() => model.value?.condition?.kind ?? null);
export const side = computed(() => model.value?.side ?? 0);
export const picture = computed(() => atSide(source.value));
/** The picture below the mask. */
export const markedOn = computed(() => (keepsWhole.value ? (source.value?.whole ?? null) : picture.value));
const own = computed(() => {
  const square = source.value?.square;
  return square && square.width < side.value ? square : picture.value;
});
const stylePicture = computed(() => atSide(style.value));

/** Sides to which a picture can be shrunk before it is sharpened. */
export const smallSides = computed(() => {
  const halves = [2, 4, 8, 16, 32].map((part) => Math.floor(side.value / part)).filter((one) => one >= 2);
  const own = source.value?.square.width ?? 0;
  return [...new Set([...halves, ...(own >= 2 && own < side.value ? [own] : [])])].sort((a, b) => a - b);
});
export const detail = computed(() => {
  const own = source.value?.square.width ?? 0;
  const standard = own > 0 && own < side.value ? own : Math.floor(side.value / 4);
  return smallSides.value.find((one) => one === (smallSide.value ?? standard)) ?? smallSides.value[0] ?? 1;
});

/** Whether Sharpen uses the whole picture if it is not square, or only its middle square. */
export const sharpensWhole = signal(true);
const small = computed(() => {
  if (!source.value) return null;
  const from = sharpensWhole.value ? source.value.whole : source.value.square;
  const shorter = Math.min(from.width, from.height);
  return shrunk(from, Math.round((from.width * Math.min(detail.value, shorter)) / shorter));
});

/** The plan, or a message about what is missing. */
export const plan = computed<Plan | string>(() => {
  if (!model.value) return 'The server is not available yet.';
  if (mode.value.name === 'colour' && model.value.channels !== 3)
    return 'This model generates gray pictures: choose one with colours.';
  return mode.value.plan({
    picture: picture.value,
    whole: source.value?.whole ?? null,
    keepsWhole: keepsWhole.value,
    own: own.value,
    style: stylePicture.value,
    mask: mask.layer.value,
    sketch: sketch.layer.value,
    small: small.value,
    sigma: sigma.value,
    addsNoise: addsNoise.value,
    lines: lines.layer.value,
    tints: tints.layer.value,
    conditionKind: conditionKind.value,
  });
});

export const isRunning = computed(() => ['waiting', 'running'].includes(current.value?.run.state.value ?? ''));

effect(() => {
  if (side.value === 0) return;
  for (const painting of mode.value.isConditional ? [lines, tints] : [sketch]) painting.fit(side.value);
  fitMask(markedOn.value);
});

/** Resizes the mask, and its brush in proportion. */
function fitMask(on: Pixels | null): void {
  if (!on) return;
  const { width, height } = untracked(() => mask.layer.value);
  if (width === on.width && height === on.height) return;
  mask.fit(on.width, on.height);
  mask.size.value = Math.max(1, Math.round(Math.max(on.width, on.height) * MASK_BRUSH));
}

export function setPrompt(text: string): void {
  prompts.value = { ...prompts.value, [mode.value.name]: text };
}

export function chooseModel(name: string): void {
  clearAnswers();
  (mode.value.isConditional ? modelNames.conditional : modelNames.plain).value = name;
}

function atSide(from: Source | null): Pixels | null {
  if (!from || side.value === 0) return null;
  return from.square.width < side.value ? enlarged(from.square, side.value) : shrunk(from.square, side.value);
}

/** Opens a picture to edit. */
export async function openSource(blob: Promise<Blob> | Blob, name: string, isGenerated = false): Promise<void> {
  const opened = await tryOpen(blob, name, isGenerated);
  if (!opened) return;
  clearAnswers();
  [source.value, addsNoise.value, smallSide.value] = [opened, isGenerated, null];
  for (const painting of [mask, tints]) if (!painting.isEmpty.value) painting.clear();
  announce(`${name} opened`);
}

export async function openStyle(blob: Promise<Blob> | Blob, name: string): Promise<void> {
  style.value = (await tryOpen(blob, name, false)) ?? style.value;
}

/** Removes an input picture. */
export function remove(input: typeof source): void {
  clearAnswers();
  input.value = null;
}

/** @returns null after an error, which is shown */
async function tryOpen(blob: Promise<Blob> | Blob, name: string, isGenerated: boolean): Promise<Source | null> {
  problem.value = null;
  try {
    return await openPicture(await blob, name, isGenerated);
  } catch (thrown) {
    problem.value = thrown instanceof Error ? thrown : new Error(String(thrown));
    return null;
  }
}

export function clearAnswers(): void {
  current.value?.run.dispose();
  [current.value, answers.value, figures.value, chosen.value] = [null, [], [], 0];
}

export async function start(): Promise<void> {
  const started = plan.value;
  const from = source.value;
  if (typeof started === 'string' || !model.value) return;
  clearAnswers();
  problem.value = null;
  const whole =
    started.wholeGuides && from ? await started.wholeGuides(async () => readAsUrl(await from.file())) : null;
  const recipe = recipeOf(whole ?? started.guides(), model.value.name);
  const condition = started.condition && urlOf(started.condition);
  const body: GenerateBody = { ...bodyOf(recipe), ...(condition ? { condition } : {}), ...(whole ? WHOLE : {}) };
  const request: EditRequest = { run: new LiveRun(body), plan: started, before: urlOf(started.before) };
  current.value = request;
  announce('Generating');
  await request.run.ended;
  if (current.value !== request) return;
  const { state, about, slots } = request.run;
  announce(state.value === 'done' ? 'Finished' : state.value === 'stopped' ? 'Stopped' : 'Failed');
  if (state.value !== 'done' || !about.value) return;
  const { hash, seed } = about.value;
  const results = slots.value.flatMap((slot) => {
    if (slot.codeString === null || !slot.file) return [];
    const one = { model: recipe.model, hash, codeString: slot.codeString, recipe: { ...recipe, seed }, at: Date.now() };
    const kept = whole || condition ? keptOf(slot.file, recipe, condition) : undefined;
    return answerOf(kept ? { ...one, id: keptId(one), kept } : { ...one, id: idOf(one) });
  });
  answers.value = results;
  await remember(results.map(({ saved }) => saved));
  await measure(request, results);
}

function keptOf(file: Blob, { guides }: Recipe, condition: string | undefined): KeptPicture {
  const bytes = file.size + (condition?.length ?? 0) + JSON.stringify(guides).length;
  return { file, bytes, ...(condition ? { condition } : {}) };
}

/** Options of requests for whole pictures: lossless, at their own size. */
const WHOLE = { whole: {}, format: 'png', size: undefined } as const;

function answerOf(saved: SavedPicture): Answer {
  const { model, codeString, kept } = saved;
  const condition = kept?.condition;
  if (condition) return { saved, file: (size) => fileFromCondition({ model, codeString, condition }, size) };
  return { saved, file: (size) => (kept ? Promise.resolve(kept.file) : fileOf(saved, size)) };
}

function recipeOf(guides: Recipe['guides'], name: string): Recipe & { model: string } {
  const words = prompt.value.trim();
  return {
    model: name,
    count: count.value,
    seed: null,
    guides: [...guides, ...(words ? [{ name: 'text', weight: 1, params: { prompt: words } }] : [])],
    sampler: {
      ...(count.value > 1 ? { top: SEVERAL_TOP } : {}),
      ...(beams.value > 1 ? { beams: beams.value } : {}),
    },
  };
}

/** Computes the figures from the files at full size, as the shown pictures may be smaller. */
async function measure(request: EditRequest, all: readonly Answer[]): Promise<void> {
  try {
    const found = await Promise.all(
      all.map(async (one) => {
        const { whole, square } = await openPicture(await one.file(), 'The result');
        return request.plan.figures(request.plan.wholeGuides ? whole : square);
      }),
    );
    if (current.value === request) figures.value = found;
  } catch (thrown) {
    if (current.value === request) problem.value = thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}
