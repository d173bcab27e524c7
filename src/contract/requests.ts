/** The schema of a generation request, shared by library, command line and server. */
import { z } from 'zod';
import { KandidError } from '../errors.ts';
import type { Picture } from '../guide.ts';
import { firstIssue } from '../kit/issues.ts';
import { whole } from './whole.ts';

/**
 * `rank`: each guide's ranks, 0 (worst) … 1 (best), summed; magnitudes are ignored.
 * `zscore`: each guide's scores minus their mean, divided by their standard deviation, summed.
 * `product`: the product of tempered softmaxes; each guide's temperature is chosen so that its softmax spreads over a
 * quarter of the candidates, so that the scale comes from the best candidates and not, as with `zscore`, from all of
 * them.
 * `likelihood`: scores as they are, summed: for guides whose scores are log-likelihoods.
 */
export type BlendKind = 'rank' | 'zscore' | 'product' | 'likelihood';

export const BLENDS = ['rank', 'zscore', 'product', 'likelihood'] as const satisfies readonly BlendKind[];

/** Default time limit of one guide call, in seconds. */
export const GUIDE_TIMEOUT_SECONDS = 30;

const MAX_GUIDES = 16;
/** Largest number of results of a request; for whole pictures, of squares of all results. */
export const MAX_RESULTS = 256;
const MAX_BEAMS = 256;
export const MAX_PARTICLES = 64;
const MAX_LEVELS = 256;

const side = z.string().regex(/^[1-9]\d{0,3}$/, 'expected a side in pixels');

const beamCount = z.int().min(1).max(MAX_BEAMS);

const beams = z
  .union(
    [beamCount, z.array(beamCount).min(1).max(MAX_LEVELS), z.record(side, beamCount)],
    `expected a number of beams from 1 to ${MAX_BEAMS}, a list of one per level, or an object of beams by side`,
  )
  .describe(
    'Descents that each result keeps after a level: a number, one per level (the last continues), or by side, such as {"4": 16, "8": 8} (other sides: 1).',
  );

const particleCount = z.number().min(1).max(MAX_PARTICLES);

export const particles = z
  .union(
    [particleCount, z.record(side, particleCount)],
    `expected a number of particles from 1 to ${MAX_PARTICLES}, or an object of such numbers by side`,
  )
  .describe(
    'Descents per result, of which those with the best guide scores are kept: a number, or by side, such as {"4": 4, "8": 1.5} (other sides: 1; 1.5 for 4 results: 6 descents). Default: the measured default of the guides.',
  );

const oneTemperature = z.number().min(0).max(100);

const temperature = z.union(
  [oneTemperature, z.record(side, oneTemperature)],
  'expected a number from 0 to 100, or an object of such numbers by side',
);

/** The choices of some levels. A schema per number would report every wrong one, of possibly tens of thousands. */
export const choices = z
  .custom<number[]>(Array.isArray, 'expected a list of whole numbers')
  .superRefine((list, check) => {
    const isRight = (choice: unknown) => Number.isSafeInteger(choice) && (choice as number) >= 0;
    const wrong = list.length > MAX_LEVELS ? MAX_LEVELS : list.findIndex((choice) => !isRight(choice));
    if (wrong < 0) return;
    const message =
      wrong === MAX_LEVELS ? `expected at most ${MAX_LEVELS} numbers` : 'expected a whole number, 0 or more';
    check.addIssue({ code: 'custom', path: [wrong], message, input: list[wrong] });
  })
  .meta({ type: 'array', items: { type: 'integer', minimum: 0 }, maxItems: MAX_LEVELS });

const sampler = z
  .strictObject({
    top: z
      .int()
      .min(1)
      .max(65_536)
      .optional()
      .describe(
        'Chooses among this many best candidates: 1 takes the best. Default: 1, or all if there is a temperature.',
      ),
    temperature: temperature
      .optional()
      .describe(
        'Temperature of the softmax that choices are drawn from: a number, or by side, such as {"4": 1, "64": 0.4} (other sides: 0). If only the prior decides, 0 gives typical pictures and 1 pictures as varied as the training data. Default: 0 where guides decide.',
      ),
    beams: beams.default(1),
    particles: particles.optional(),
    prior: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .describe(
        'Weight of the prior, a model of the training pictures, relative to the guides; 0: none. Default: the value measured as best.',
      ),
  })
  .prefault({});

const guide = z.strictObject({
  name: z.string().min(1).max(100).describe('Name of the guide.'),
  weight: z
    .number()
    .min(-100)
    .max(100)
    .default(1)
    .describe('Weight relative to the other guides; below 0: away from what it prefers.'),
  params: z.record(z.string(), z.unknown()).default({}).describe('Parameters; see the guide.'),
});

/** A picture as input: the bytes of a file, or numbers. */
export type PictureInput = Uint8Array | Picture;

const pictureInput = z.custom<PictureInput>(
  (value) => value instanceof Uint8Array || (typeof value === 'object' && value !== null && 'data' in value),
  'expected a picture: the bytes of a file, or a Picture',
);

export const generateSchema = z.strictObject({
  model: z.string().min(1).max(200).optional().describe('Name of the model. Default: the default model.'),
  guides: z.array(guide).max(MAX_GUIDES).default([]).describe('Guides that score the pictures; none: random pictures.'),
  count: z.int().min(1).max(MAX_RESULTS).default(1).describe('Number of results, all different.'),
  seed: z
    .int()
    .min(0)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('The same request with the same seed gives the same pictures. Default: chosen at random and reported.'),
  sampler,
  blend: z
    .enum(BLENDS)
    .optional()
    .describe(
      'How the scores of guides are combined with each other and with the prior. Default: likelihood if there is a prior and the scores of all guides are log-likelihoods, otherwise zscore.',
    ),
  prefix: z
    .array(choices)
    .max(MAX_RESULTS)
    .default([])
    .describe('Fixed choices of the first levels: one list for all results, or one per result.'),
  condition: pictureInput.optional().describe('The condition picture of a conditional model.'),
  whole,
});

/** A request before validation. */
export type GenerateRequest = z.input<typeof generateSchema>;

/** A request with all defaults filled in, except `model`, `seed` and `condition`. */
export type CheckedRequest = z.output<typeof generateSchema>;

/** @throws {KandidError} params_invalid, naming the field and what it accepts */
export function parseRequest(request: unknown): CheckedRequest {
  const parsed = generateSchema.safeParse(request);
  if (!parsed.success) throw paramsError('The request', parsed.error);
  const { prefix, count } = parsed.data;
  const refuse = (problem: string) =>
    new KandidError('params_invalid', { subject: 'The request', field: 'prefix', problem });
  if (prefix.length > 1 && prefix.length !== count)
    throw refuse(`expected one list for all results or ${count}, one per result, got ${prefix.length}`);
  if (prefix.some((one) => one.length !== prefix[0]?.length)) throw refuse('expected lists of one length');
  return parsed.data;
}

/** Converts the first problem found by a schema to an error for the user. @param subject whose parameters they are */
export function paramsError(subject: string, error: z.ZodError): KandidError {
  return new KandidError('params_invalid', { subject, ...firstIssue(error) });
}
