/** Scores by the similarity of candidate and text according to CLIP. */
import { z } from 'zod';
import { type Candidates, defineGuide, type Guide, type GuideContext, type LevelInfo } from '../src/guide.ts';
import { type Clip, cosines, type Embeddings } from './lib/clip/clip.ts';
import { exclusivePairs } from './lib/clip/conflicts.ts';
import { cutouts } from './lib/clip/cutouts.ts';
import { type Against, contrasted, excluded, judged, judgedAbsent } from './lib/clip/likelihoods.ts';
import { rivalsOf, type Vocabulary } from './lib/clip/rivals.ts';
import { sharedClip } from './lib/clip/shared.ts';
import { secondVariants, withOtherMeaning } from './lib/clip/variants.ts';
import { readWishes } from './lib/clip/wishes.ts';
import { shortlistParams, shortlistPreferences } from './lib/params.ts';

const text = z.string().trim().min(1, 'expected some words').max(500);
const texts = z.union([text, z.array(text).min(1).max(16)]);

/** Up to this side, in pixels, colours and layout are decided; later levels only refine them. */
const COARSE_SIDE = 8;

const params = z.strictObject({
  prompt: texts.describe(
    'What the picture should show; several prompts have equal weight. (red hair:1.3) gives words another weight than 1.',
  ),
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
    .optional()
    .describe(
      'Texts that fit every picture: a phrase scores by how much more likely it is than these. Empty: by its plain similarity. Default: "a person"; none for a SigLIP, which says how likely a phrase is without.',
    ),
  templates: z
    .array(text.refine((one) => one.includes('{}'), 'expected {} where the words are to stand'))
    .max(16)
    .default([])
    .describe('Sentences that each text is put into, as "a photo of {}"; their mean is taken.'),
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
    .optional()
    .describe(
      'Scale from similarities to log-odds where there is a contrast: the higher, the sooner a phrase counts as satisfied. Default: that of the CLIP.',
    ),
  guidance: z
    .number()
    .positive()
    .max(1000)
    .default(40)
    .describe(
      'Guidance scale: the power of the likelihood of the words beside the prior. Higher: the words decide more; lower: the picture looks more like the training pictures.',
    ),
  cutouts: z
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe('Random parts of a picture that are looked at beside the whole; each costs as much time as the whole.'),
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The CLIP: a folder among the models, or a path, exported for transformers.js. Default: the one named in the model.json of the model.',
    ),
  ...shortlistParams({ fromSide: 4, shortlist: 9, refine: 5 }),
  coarse: z
    .number()
    .min(1)
    .max(100)
    .default(3)
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

interface Direction {
  readonly text: string;
  readonly vector: Float32Array;
  readonly weight: number;
  /** Place of its group in the vocabulary; −1: none. */
  readonly group: number;
  /** Alternatives to the phrase. */
  readonly rivals: readonly Float32Array[];
}

/** A unit vector per text; with templates, along the mean of those of its sentences. */
async function embedIn(clip: Clip, templates: readonly string[], texts: readonly string[]): Promise<Float32Array[]> {
  if (templates.length === 0) return await clip.embedTexts(texts);
  const sentences = texts.flatMap((one) => templates.map((template) => template.replaceAll('{}', one)));
  const vectors = await clip.embedTexts(sentences);
  return texts.map((_, i) => {
    const own = vectors.slice(i * templates.length, (i + 1) * templates.length);
    const sum = (own[0] as Float32Array).map((_, d) => own.reduce((total, vector) => total + (vector[d] as number), 0));
    const length = Math.hypot(...sum) || 1;
    return sum.map((value) => value / length);
  });
}

type Embed = (texts: readonly string[]) => Promise<Float32Array[]>;

async function directions(embed: Embed, parts: ReadonlyMap<string, number>, known: Known): Promise<Direction[]> {
  const texts = [...parts.keys()];
  const vectors = await embed(texts);
  return await Promise.all(
    vectors.map(async (vector, i) => {
      const text = texts[i] as string;
      const { group, vectors: rivals } = rivalsOf(vector, known.vectors);
      const variants = secondVariants(text, vector, group, known);
      const others = withOtherMeaning(vector, variants.length > 0 ? await embed(variants) : []);
      return { text, vector, weight: parts.get(text) as number, group, rivals: [...rivals, ...others] };
    }),
  );
}

/** A vocabulary and the vectors of its texts. */
interface Known {
  readonly vocabulary: Vocabulary;
  readonly vectors: readonly (readonly Float32Array[])[];
}

const NOTHING: Known = { vocabulary: [], vectors: [] };

async function knownTo(clip: Clip): Promise<Known> {
  const { vocabulary } = clip;
  return { vocabulary, vectors: await Promise.all(vocabulary.map((group) => clip.embedTexts(group))) };
}

/** What a phrase scores that a picture should fit or not, by its similarity and those of what stands against it. */
interface Scoring {
  wanted(similarity: number, against: Against): number;
  unwanted(similarity: number, against: Against): number;
}

function scoringOf(clip: Clip, { sharpness = clip.scale.scale }: Params): Scoring {
  const isSigmoid = ({ contrasts, rivals }: Against) => clip.isSigmoid && contrasts.length + rivals.length === 0;
  return {
    wanted: (similarity, against) =>
      isSigmoid(against) ? judged(similarity, clip.scale) : contrasted(similarity, against, sharpness),
    unwanted: (similarity, against) =>
      isSigmoid(against) ? judgedAbsent(similarity, clip.scale) : excluded(similarity, against.contrasts, sharpness),
  };
}

/** Adds a note on phrases of which a picture shows one at most. */
function noteExclusive(wanted: readonly Direction[], phrases: readonly string[], note: GuideContext['note']): void {
  const placed = wanted.filter(({ text: said }) => phrases.includes(said));
  for (const [one, other] of exclusivePairs(placed)) note(`pictures show "${one}" or "${other}", not both`);
}

/** A guide that has nothing to say. */
const SILENT: Guide = {
  isLogLikelihood: true,
  prefers: { asks: () => false },
  score: ({ batch, count }) => new Float32Array(batch * count),
};

async function textGuide(clip: Clip, options: Params, { compute, note, seed }: GuideContext): Promise<Guide> {
  const embed: Embed = (texts) => embedIn(clip, options.templates, texts);
  const scoring = scoringOf(clip, options);
  const toLogLikelihood = options.guidance * (options.sharpness ?? clip.scale.scale);
  const views = cutouts(options.cutouts, seed);
  const { prompt, negative, negativeWeight, phrases } = options;
  const wishes = readWishes({ prompts: list(prompt), negatives: list(negative), negativeWeight, phrases }, clip, note);
  if (wishes.wanted.size + wishes.unwanted.size === 0) {
    note('no word says anything about the picture, which is drawn as if there were none');
    return SILENT;
  }
  const wanted = await directions(embed, wishes.wanted, options.rivals ? await knownTo(clip) : NOTHING);
  const unwanted = await directions(embed, wishes.unwanted, NOTHING);
  noteExclusive(wanted, wishes.phrases, note);
  const contrasts = await clip.embedTexts(options.contrast ?? (clip.isSigmoid ? [] : ['a person']));
  const terms = [...wanted, ...unwanted];
  const all = [...new Set(terms.flatMap(({ vector, rivals }) => [vector, ...rivals]).concat(contrasts))];
  const places = new Map(all.map((vector, place) => [vector, place]));
  const placeOf = (vector: Float32Array) => places.get(vector) as number;
  const own = terms.map(({ vector }) => placeOf(vector));
  const against = contrasts.map(placeOf);
  const rivals = terms.map((term) => term.rivals.map(placeOf));
  const likenessOf = cosines(all);
  const scoreOf = (pictures: Embeddings, n: number): number => {
    const likeness = likenessOf(pictures, n);
    const at = (place: number) => likeness[place] as number;
    const common = against.map(at);
    let score = 0;
    for (const [i, { weight }] of terms.entries()) {
      const scored = i < wanted.length ? scoring.wanted : scoring.unwanted;
      const others = { contrasts: common, rivals: (rivals[i] as readonly number[]).map(at) };
      score += weight * scored(at(own[i] as number), others);
    }
    return score * toLogLikelihood;
  };
  return {
    isLogLikelihood: true,
    prefers: { ...shortlistPreferences(options), times: (level) => timesAt(level, options) },
    async score(candidates: Candidates, _level, signal) {
      const looking = { signal, compute };
      const pictures = await (options.cutouts > 0
        ? clip.embedPictures(candidates, looking, views)
        : clip.embedBeginnings(candidates, looking));
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
    'guidance',
    'templates',
    'cutouts',
    'fromSide',
    'toSide',
    'shortlist',
    'refine',
    'coarse',
    'fine',
  ],
  // Measured: guides/README.md, "Particles".
  particles: { 4: 4, 8: 3, 16: 2, 32: 2 },
  async create(options: Params, context: GuideContext) {
    return textGuide(await sharedClip(options.model, context), options, context);
  },
});
