/** Scores by any network that gives a number per picture: how beautiful, how safe; a low one can veto. */
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { type Candidates, defineGuide, type GuideModel, GuideProblem } from '../src/guide.ts';
import { outputOf } from './lib/network-output.ts';
import { shortlistParams, shortlistPreferences } from './lib/params.ts';
import { IMAGENET, type PixelFormat, toPixels } from './lib/pixels.ts';

const CHUNK = 32;

const params = z.strictObject({
  model: z
    .string()
    .min(1)
    .describe('The scorer: a folder among the models, or a path, with model.onnx; or the path of an ONNX file.'),
  output: z.int().min(0).max(100_000).default(0).describe('Which of the numbers that it gives of a picture.'),
  lower: z.boolean().default(false).describe('Whether lower numbers are better.'),
  least: z
    .number()
    .optional()
    .describe('Pictures that score less (with lower: more) are vetoed: any other comes before them. Default: none is.'),
  steers: z.boolean().default(true).describe('Whether it also prefers better pictures; false: it only vetoes.'),
  side: z.int().min(1).max(1024).default(224).describe('Side of its input pictures, in pixels.'),
  normalise: z
    .enum(['signed', 'imagenet', 'unit'])
    .default('imagenet')
    .describe("signed: values from −1 to 1. unit: 0 to 1. imagenet: ImageNet's mean and standard deviation."),
  ...shortlistParams({ fromSide: 16, shortlist: 16, refine: 8 }),
});

type Params = z.output<typeof params>;

const NORMALISED = {
  signed: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
  unit: { mean: [0, 0, 0], deviation: [1, 1, 1] },
  imagenet: IMAGENET,
} as const;

/** Higher is better; what only vetoes says the same of all that pass. */
function told(value: number, { lower, least, steers }: Params): number {
  const sign = lower ? -1 : 1;
  return steers || least === undefined ? sign * value : Math.min(sign * value, sign * least);
}

async function scoresOf(
  network: GuideModel,
  format: PixelFormat,
  candidates: Candidates,
  [first, number]: readonly [number, number],
  options: Params,
): Promise<Float32Array> {
  const { data, dims } = await outputOf(network, toPixels(candidates, first, number, format), number, format);
  const width = data.length / number;
  if (!Number.isInteger(width) || options.output >= width)
    throw new GuideProblem(
      `the scorer gives [${dims.join(', ')}] for ${number} pictures: expected ${options.output + 1} or more numbers of each; correct "output"`,
    );
  return Float32Array.from({ length: number }, (_, n) => told(data[n * width + options.output] as number, options));
}

export default defineGuide({
  name: 'scorer',
  description: 'A number of any ONNX network per picture, which can also veto.',
  params,
  recorded: ['output', 'lower', 'least', 'steers', 'side', 'normalise', 'fromSide', 'toSide', 'shortlist', 'refine'],
  async create(options, context) {
    const { model, side, normalise, least, lower } = options;
    const isFile = model.endsWith('.onnx');
    const folder = await context.folder(isFile ? dirname(model) : model);
    const network = await context.open(join(folder, isFile ? basename(model) : 'model.onnx'));
    const format: PixelFormat = { side, kernel: 'bilinear', ...NORMALISED[normalise] };
    return {
      prefers: {
        ...shortlistPreferences(options),
        ...(least === undefined ? {} : { vetoBelow: lower ? -least : least }),
      },
      async score(candidates, _level, signal) {
        const scores = new Float32Array(candidates.batch * candidates.count);
        for (let first = 0; first < scores.length; first += CHUNK) {
          const number = Math.min(CHUNK, scores.length - first);
          // A run blocks the thread: other work and cancellation are handled between two runs.
          const part = await context.compute(async () => {
            signal.throwIfAborted();
            return await scoresOf(network, format, candidates, [first, number], options);
          });
          scores.set(part, first);
        }
        return scores;
      },
    };
  },
});
