/** Scores by the similarity of candidate and text according to CLIP. */
import { z } from 'zod';
import { type Candidates, defineGuide, type Guide, type GuideContext, type LevelInfo } from '../src/guide.ts';
import { type Clip, type Embeddings, openClip } from './lib/clip.ts';
import { askingParams, askingPreferences } from './lib/params.ts';
import { phrasesOf } from './lib/phrases.ts';
import { rivalsOf } from './lib/rivals.ts';
import { clipFor, inKnownWords } from './lib/words.ts';

const text = z.string().trim().min(1, 'expected some words').max(500);
const texts = z.union([text, z.array(text).min(1).max(16)]);

/** Up to this side, in pixels, colours and layout are decided; later levels only refine them. */
const COARSE_SIDE = 8;

const params = z.strictObject({
  prompt: texts.describe('What the picture should show; several prompts have equal weight.'),
  negative: texts.optional().describe('What the picture should not show.'),
  negativeWeight: z
    .number()
    .min(0)
    .max(10)
    .default(0.5)
    .describe('Weight of the negative prompts; the prompts have weight 1.'),
  phrases: z
    .enum(['whole', 'split', 'both'])
    .default('both')
    .describe(
      'whole: scores the prompt as one text. split: scores each of its phrases, so that none is ignored. both: the prompt and its phrases.',
    ),
  contrast: z
    .array(text)
    .max(16)
    .default(['a person'])
    .describe(
      'Texts that fit every picture: a phrase scores by how much more likely it is than these. Empty: by its plain similarity.',
    ),
  rivals: z
    .boolean()
    .default(true)
    .describe(
      'Whether a phrase also competes with its alternatives in the vocabulary.json of the CLIP: red hair with black hair.',
    ),
  sharpness: z
    .number()
    .positive()
    .max(1000)
    .default(20)
    .describe(
      'Scale from similarities to log-odds where there is a contrast: the higher, the sooner a phrase counts as satisfied.',
    ),
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The CLIP: a folder among the models, or a path, exported for transformers.js. Default: the one named in the model.json of the model.',
    ),
  ...askingParams({ fromSide: 4, shortlist: 9, refine: 5 }),
  coarse: z
    .number()
    .min(1)
    .max(100)
    .default(1.8)
    .describe('Factor on the number of candidates scored at sides up to 8 px, where choices matter most.'),
  fine: z
    .number()
    .min(0.1)
    .max(100)
    .default(0.33)
    .describe('Factor on the number of candidates scored at the final side, where choices matter least.'),
});

type Params = z.output<typeof params>;

function list(value: string | string[] | undefined): string[] {
  return typeof value === 'string' ? [value] : (value ?? []);
}

/** Texts and their weights; the weights of the prompts sum to 1. */
function partsOf({ prompt, phrases }: Pick<Params, 'prompt' | 'phrases'>, read: Read): Map<string, number> {
  const parts = new Map<string, number>();
  const add = (one: string, weight: number) => parts.set(read(one), (parts.get(read(one)) ?? 0) + weight);
  const prompts = list(prompt);
  for (const whole of prompts) {
    const pieces = phrases === 'whole' ? [whole] : phrasesOf(whole);
    if (phrases === 'both' && pieces.length > 1) pieces.push(whole);
    for (const piece of pieces) add(piece, 1 / pieces.length / prompts.length);
  }
  return parts;
}

function cosine(pictures: Embeddings, n: number, direction: Float32Array): number {
  let sum = 0;
  const from = n * pictures.size;
  for (let i = 0; i < direction.length; i++) sum += (pictures.data[from + i] as number) * (direction[i] as number);
  return sum;
}

/** Log-odds of a phrase among itself and its contrasts, scaled back to similarities. */
function contrasted(similarity: number, contrasts: readonly number[], sharpness: number): number {
  if (contrasts.length === 0) return similarity;
  let odds = 0;
  for (const other of contrasts) odds += Math.exp(sharpness * (other - similarity));
  return -Math.log1p(odds) / sharpness;
}

interface Direction {
  readonly vector: Float32Array;
  readonly weight: number;
  /** Alternatives to the phrase. */
  readonly rivals: readonly Float32Array[];
}

async function directions(clip: Clip, parts: ReadonlyMap<string, number>, groups: Groups): Promise<Direction[]> {
  const vectors = await clip.embedTexts([...parts.keys()]);
  const weights = [...parts.values()];
  return vectors.map((vector, i) => ({ vector, weight: weights[i] as number, rivals: rivalsOf(vector, groups) }));
}

/** A text in words that the CLIP knows. */
type Read = (text: string) => string;

type Groups = readonly (readonly Float32Array[])[];

async function groupsOf(clip: Clip, rivals: boolean): Promise<Groups> {
  return await Promise.all((rivals ? clip.vocabulary : []).map((group) => clip.embedTexts(group)));
}

async function textGuide(clip: Clip, options: Params, { compute, note }: GuideContext): Promise<Guide> {
  const read = inKnownWords(clip.lexicon, [...list(options.prompt), ...list(options.negative)], note);
  const wanted = await directions(clip, partsOf(options, read), await groupsOf(clip, options.rivals));
  const negatives = list(options.negative);
  const unwanted = await directions(
    clip,
    new Map(negatives.map((one) => [read(one), options.negativeWeight / negatives.length])),
    [],
  );
  const contrasts = await clip.embedTexts(options.contrast);
  const scoreOf = (pictures: Embeddings, n: number): number => {
    const likeness = (vector: Float32Array) => cosine(pictures, n, vector);
    const common = contrasts.map(likeness);
    let score = 0;
    for (const { vector, weight, rivals } of wanted)
      score += weight * contrasted(likeness(vector), [...common, ...rivals.map(likeness)], options.sharpness);
    for (const { vector, weight } of unwanted) score -= weight * likeness(vector);
    return score;
  };
  return {
    prefers: { ...askingPreferences(options), times: (level) => timesAt(level, options) },
    async score(candidates: Candidates, _level, signal) {
      const pictures = await clip.embedPictures(candidates, signal, compute);
      return Float32Array.from({ length: candidates.batch * candidates.count }, (_, n) => scoreOf(pictures, n));
    },
  };
}

function timesAt({ side, finalSide }: LevelInfo, { coarse, fine }: Params): number {
  if (side <= COARSE_SIDE) return coarse;
  return side === finalSide ? fine : 1;
}

export default defineGuide({
  name: 'text',
  description: 'Similarity of the picture to words, by CLIP.',
  params,
  recorded: [
    'prompt',
    'negative',
    'negativeWeight',
    'phrases',
    'contrast',
    'rivals',
    'sharpness',
    'fromSide',
    'toSide',
    'shortlist',
    'refine',
    'coarse',
    'fine',
  ],
  async create(options: Params, context: GuideContext) {
    const folder = await context.folder(clipFor(options.model, context));
    const clip = await context.shared(
      `clip ${folder}`,
      () => openClip(folder, context.execution),
      (one) => one.dispose(),
    );
    return textGuide(clip, options, context);
  },
});
