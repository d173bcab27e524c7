/** Scores by the log-probability that a classifier gives to the requested labels. */
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { type Candidates, defineGuide, type GuideContext, type GuideModel, GuideProblem } from '../src/guide.ts';
import { clipPixelFormat } from './lib/clip/preprocessor.ts';
import { readIfThere } from './lib/json-file.ts';
import {
  findByAttribute,
  findByName,
  type Labels,
  labelsOfConfig,
  logProbability,
  readLabels,
  type WantedLabel,
} from './lib/labels.ts';
import { perceptualModel } from './lib/map-network.ts';
import { outputOf } from './lib/network-output.ts';
import { shortlistParams, shortlistPreferences } from './lib/params.ts';
import { IMAGENET, type PixelFormat, toPixels } from './lib/pixels.ts';

/** The classifier of avatars. */
const ATTRIBUTES = 'avatars-attributes';

const CHUNK = 64;
/** Side of the pictures if neither labels.json nor the request specifies it. */
const USUAL_SIDE = 64;
const name = z.string().min(1).max(100);

const params = z.strictObject({
  labels: z
    .union([z.record(name, z.union([name, z.array(name).min(1)])), z.array(name).min(1)])
    .refine((labels) => Object.keys(labels).length > 0, 'expected at least one label')
    .describe(
      'Labels that the picture should have: {"attribute": "value"}, {"attribute": ["either", "or"]}, or a list of label names.',
    ),
  model: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The classifier: a folder among the models, or a path, with model.onnx and labels.json; or the path of an ONNX file with labels.json beside it. Default: the network named in the model.json of the model, as models of photographs have it (imagenet-lite: 1,000 kinds of things), or avatars-attributes.',
    ),
  side: z
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe("Side of the classifier's input pictures, in pixels. Default: the value in labels.json, or 64."),
  normalise: z
    .enum(['signed', 'imagenet'])
    .optional()
    .describe(
      "Normalisation of the input. signed: values from −1 to 1. imagenet: ImageNet's mean and standard deviation. Default: the value in labels.json, or signed.",
    ),
  ...shortlistParams({ fromSide: 8, shortlist: 24, refine: 12 }),
});

type Params = z.output<typeof params>;

interface Classifier {
  readonly network: GuideModel;
  readonly labels: Labels;
  readonly format: PixelFormat;
}

function formatOf(labels: Labels, { side, normalise }: Params, channels: number): PixelFormat {
  const signed = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] };
  const { mean, deviation } = normalise === 'imagenet' ? IMAGENET : signed;
  const own = normalise === undefined;
  const planes = labels.mean?.length ?? (channels === 1 ? 1 : 3);
  return {
    side: side ?? labels.side ?? USUAL_SIDE,
    kernel: 'bilinear',
    mean: (own ? labels.mean : undefined) ?? mean.slice(0, normalise === 'imagenet' ? 3 : planes),
    deviation: (own ? labels.deviation : undefined) ?? deviation.slice(0, normalise === 'imagenet' ? 3 : planes),
  };
}

async function openClassifier(options: Params, context: GuideContext): Promise<Classifier> {
  const model = options.model ?? (await perceptualModel(context)) ?? ATTRIBUTES;
  const isFile = model.endsWith('.onnx');
  const folder = await context.folder(isFile ? dirname(model) : model);
  const own = await readIfThere(join(folder, 'labels.json'));
  const exported = own === undefined ? await readIfThere(join(folder, 'config.json')) : undefined;
  if (own === undefined && exported === undefined)
    throw new GuideProblem(`the classifier "${model}" has no readable labels.json: put one beside its ONNX file`);
  const file = isFile ? basename(model) : own === undefined ? 'onnx/model.onnx' : 'model.onnx';
  const network = await context.open(join(folder, file));
  if (own !== undefined) {
    const labels = readLabels(own);
    return { network, labels, format: formatOf(labels, options, context.model.channels) };
  }
  // An export in the Hugging Face layout says how it sees pictures.
  const format = clipPixelFormat(await readIfThere(join(folder, 'preprocessor_config.json')));
  return { network, labels: labelsOfConfig(exported), format };
}

/** Logits of candidates first … first + number − 1, [number, outputs]. */
async function logitsOf(
  { network, format, labels }: Classifier,
  candidates: Candidates,
  first: number,
  number: number,
): Promise<Float32Array> {
  const { data, dims } = await outputOf(network, toPixels(candidates, first, number, format), number, format);
  const needed = Math.max(...labels.groups.map(({ offset, values }) => offset + values.length));
  if (data.length < number * needed || data.length % number !== 0)
    throw new GuideProblem(
      `the classifier's output is [${dims.join(', ')}]: expected [${number}, ${needed}] floats, one per label of labels.json; correct labels.json`,
    );
  return labels.areProbabilities ? data.map((value) => Math.log(Math.max(value, 1e-12))) : data;
}

async function classify(
  classifier: Classifier,
  wanted: readonly WantedLabel[],
  candidates: Candidates,
  { signal, compute }: { signal: AbortSignal; compute: GuideContext['compute'] },
): Promise<Float32Array> {
  const scores = new Float32Array(candidates.batch * candidates.count);
  for (let first = 0; first < scores.length; first += CHUNK) {
    const number = Math.min(CHUNK, scores.length - first);
    // A run blocks the thread: other work and cancellation are handled between two runs.
    const logits = await compute(async () => {
      signal.throwIfAborted();
      return await logitsOf(classifier, candidates, first, number);
    });
    for (let n = 0; n < number; n++) {
      const at = (n * logits.length) / number;
      let sum = 0;
      for (const one of wanted) sum += logProbability(logits, at, one);
      scores[first + n] = sum / wanted.length;
    }
  }
  return scores;
}

export default defineGuide({
  name: 'classifier',
  description: 'Log-probability of labels, from any ONNX classifier.',
  params,
  recorded: ['labels', 'side', 'normalise', 'fromSide', 'toSide', 'shortlist', 'refine'],
  async create(options, context) {
    const classifier = await openClassifier(options, context);
    const wanted = Array.isArray(options.labels)
      ? findByName(classifier.labels, options.labels)
      : findByAttribute(classifier.labels, options.labels);
    return {
      prefers: shortlistPreferences(options),
      score: (candidates, _level, signal) =>
        classify(classifier, wanted, candidates, { signal, compute: context.compute }),
    };
  },
});
