/**
 * The networks of a CLIP or SigLIP in the Hugging Face ONNX layout: a text tower and a picture tower (onnx/text_model and
 * onnx/vision_model), or both in one graph (onnx/model). Nothing is ever downloaded.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PreTrainedModel, PreTrainedTokenizer, Tensor } from '@xenova/transformers';
import { z } from 'zod';
import { type GuideContext, GuideProblem } from '../../../src/guide.ts';
import { withoutTelemetry } from '../../../src/kit/telemetry.ts';
import type { PixelFormat } from '../pixels.ts';

export type Library = typeof import('@xenova/transformers');
type Execution = GuideContext['execution'];

/** Rows of embeddings as the network gives them, [rows, size]. */
export type Rows = Tensor;

export interface Towers {
  texts(texts: readonly string[]): Promise<Rows>;
  /** @param pixels [number, channels, side, side] */
  pictures(pixels: Float32Array, number: number): Promise<Rows>;
  /** Scale and bias that the joint graph puts on cosines; null where the towers are separate, which do not tell. */
  scale(): Promise<ClipScale | null>;
  dispose(): Promise<void>;
}

/** Logit of a picture and a text: scale · cosine + bias. */
export interface ClipScale {
  readonly scale: number;
  readonly bias: number;
}

const configSchema = z.looseObject({
  model_type: z.string().default('clip'),
  text_config: z.looseObject({ max_position_embeddings: z.int().positive().optional() }).default({}),
});
export type ClipConfig = z.output<typeof configSchema>;

/** @throws GuideProblem if it is no config.json of a CLIP or SigLIP */
export function clipConfig(json: unknown): ClipConfig {
  const parsed = configSchema.safeParse(json);
  if (!parsed.success || !/^(clip|siglip\d?)$/.test(parsed.data.model_type))
    throw new GuideProblem(
      `config.json has the model_type ${JSON.stringify(parsed.data?.model_type ?? null)}: expected clip, siglip or siglip2`,
    );
  return parsed.data;
}

export function isSiglip({ model_type: type }: ClipConfig): boolean {
  return type.startsWith('siglip');
}

/** Number formats searched for, as suffix of the file name, best first. */
const FORMATS = [
  ['', 'fp32'],
  ['_fp16', 'fp16'],
  ['_quantized', 'q8'],
  ['_int8', 'int8'],
  ['_uint8', 'uint8'],
  ['_q4', 'q4'],
  ['_q4f16', 'q4f16'],
  ['_bnb4', 'bnb4'],
] as const;

type NumberFormat = (typeof FORMATS)[number][1];

function numberFormat(folder: string, graph: string): NumberFormat | null {
  const found = FORMATS.find(([ending]) => existsSync(join(folder, 'onnx', `${graph}${ending}.onnx`)));
  return found?.[1] ?? null;
}

function loadOptions(dtype: NumberFormat, execution: Execution) {
  const { device = 'cpu', deviceId, threads } = execution ?? {};
  return {
    local_files_only: true,
    device,
    dtype,
    session_options: {
      // As of Kandid's own graphs (src/runtime/session.ts): threads that wait spinning take the cores from the next run.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      ...(device === 'cuda' ? { executionProviders: [{ name: 'cuda', deviceId: deviceId ?? 0 }] } : {}),
    },
  };
}

/** The library, configured to use local files only: by default it downloads missing files and writes into node_modules. */
async function offlineLibrary(): Promise<Library> {
  withoutTelemetry();
  const library = await import('@xenova/transformers');
  library.env.allowRemoteModels = false;
  library.env.useFSCache = false;
  return library;
}

/** @throws GuideProblem if there are no graphs; what the library throws if they cannot be opened */
export async function openTowers(
  folder: string,
  config: ClipConfig,
  format: PixelFormat,
  execution: Execution,
): Promise<Towers> {
  const [text, vision, joint] = ['text_model', 'vision_model', 'model'].map((graph) => numberFormat(folder, graph));
  const library = await offlineLibrary();
  const tokenizer = await library.AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  const tokens = tokenizing(library, tokenizer, config);
  const asPixels = (pixels: Float32Array, number: number) =>
    new library.Tensor('float32', pixels, [number, format.mean.length, format.side, format.side]);
  if (text && vision) {
    const open = isSiglip(config)
      ? ([library.SiglipTextModel, library.SiglipVisionModel] as const)
      : ([library.CLIPTextModelWithProjection, library.CLIPVisionModelWithProjection] as const);
    const textTower = await open[0].from_pretrained(folder, loadOptions(text, execution));
    const visionTower = await open[1].from_pretrained(folder, loadOptions(vision, execution));
    return separate({ textTower, visionTower, tokens, asPixels });
  }
  if (!joint)
    throw new GuideProblem(
      'it has neither onnx/text_model.onnx and onnx/vision_model.onnx nor onnx/model.onnx (nor _fp16, _quantized, …)',
    );
  const kind = isSiglip(config) ? library.SiglipModel : library.CLIPModel;
  const both = await kind.from_pretrained(folder, loadOptions(joint, execution));
  return together({ both, tokens, asPixels, format });
}

/** Inputs of the text tower by name. */
type Tokens = Readonly<Record<string, Tensor>>;
type Tokenize = (texts: readonly string[], model: PreTrainedModel) => Tokens;

/** Largest number that a tokenizer gives where it has no limit of its own is about 1e30. */
const MOST_TOKENS = 512;

/**
 * SigLIP learned on texts padded to full length; a CLIP whose text tower takes no mask looks at its end-of-text token only.
 * That token is kept where a text is too long; the library would cut it off.
 */
function tokenizing(library: Library, tokenizer: PreTrainedTokenizer, config: ClipConfig): Tokenize {
  const own = Number(tokenizer.config?.model_max_length ?? Number.POSITIVE_INFINITY);
  const { max_position_embeddings: positions = isSiglip(config) ? 64 : 77 } = config.text_config;
  const most = own <= MOST_TOKENS ? Math.min(own, positions) : positions;
  const padding = tokenizer.pad_token_id ?? 0;
  return (texts, model) => {
    const takesMask = inputNames(model).includes('attention_mask');
    const rows = texts.map((text) => {
      const ids = tokenizer.encode(text);
      return ids.length > most ? [...ids.slice(0, most - 1), ids.at(-1) as number] : ids;
    });
    const length = isSiglip(config) || !takesMask ? most : Math.max(...rows.map((row) => row.length));
    const filled = (value: (row: readonly number[], i: number) => number) =>
      new library.Tensor(
        'int64',
        BigInt64Array.from(rows.flatMap((row) => Array.from({ length }, (_, i) => BigInt(value(row, i))))),
        [rows.length, length],
      );
    const ids = { input_ids: filled((row, i) => row[i] ?? padding) };
    return takesMask ? { ...ids, attention_mask: filled((row, i) => (i < row.length ? 1 : 0)) } : ids;
  };
}

function inputNames(model: PreTrainedModel): readonly string[] {
  const sessions = Object.values(model.sessions) as { readonly inputNames?: readonly string[] }[];
  return sessions.flatMap(({ inputNames: names = [] }) => names);
}

type Outputs = Readonly<Record<string, Tensor>>;

interface Common {
  readonly tokens: Tokenize;
  readonly asPixels: (pixels: Float32Array, number: number) => Tensor;
}

function separate(
  parts: Common & { readonly textTower: PreTrainedModel; readonly visionTower: PreTrainedModel },
): Towers {
  const { textTower, visionTower, tokens, asPixels } = parts;
  const runs = new Runs();
  return {
    texts: async (texts) =>
      embedded(await runs.run<Outputs>(() => textTower(tokens(texts, textTower))), ['text_embeds', 'pooler_output']),
    pictures: async (pixels, number) =>
      embedded(await runs.run<Outputs>(() => visionTower({ pixel_values: asPixels(pixels, number) })), [
        'image_embeds',
        'pooler_output',
      ]),
    scale: async () => null,
    async dispose() {
      await runs.end();
      await Promise.all([textTower.dispose(), visionTower.dispose()]);
    },
  };
}

/** Both towers run whenever one is asked: the other is given as little as there is. */
function together(parts: Common & { readonly both: PreTrainedModel; readonly format: PixelFormat }): Towers {
  const { both, tokens, asPixels, format } = parts;
  const runs = new Runs();
  const gray = () => asPixels(new Float32Array(format.mean.length * format.side ** 2), 1);
  const run = (texts: readonly string[], pixels: Tensor) =>
    runs.run<Outputs>(() => both({ ...tokens(texts, both), pixel_values: pixels }));
  return {
    texts: async (texts) => embedded(await run(texts, gray()), ['text_embeds']),
    pictures: async (pixels, number) => embedded(await run(['a'], asPixels(pixels, number)), ['image_embeds']),
    scale: async () => scaleFrom(await run(PROBES, gray())),
    async dispose() {
      await runs.end();
      await both.dispose();
    },
  };
}

/** Texts that mean different things to any text tower. */
const PROBES = ['a photo of a cat', 'blue', '12345', 'the sea at night'];

/** Solves logit = scale · cosine + bias for the two texts whose cosines are farthest apart. */
export function scaleFrom(outputs: Outputs): ClipScale | null {
  const { logits_per_image: logits, text_embeds: texts, image_embeds: images } = outputs;
  if (!logits || !texts || !images) return null;
  const rows = texts.dims[0] as number;
  const size = texts.data.length / rows;
  const picture = unit(images.data as Float32Array, 0, size);
  const points = Array.from({ length: rows }, (_, row) => {
    const text = unit(texts.data as Float32Array, row * size, size);
    const cosine = text.reduce((sum, value, i) => sum + value * (picture[i] as number), 0);
    return { cosine, logit: Number(logits.data[row]) };
  }).sort((a, b) => a.cosine - b.cosine);
  const [low, high] = [points[0], points.at(-1)];
  if (!low || !high || high.cosine - low.cosine < 1e-6) return null;
  const scale = (high.logit - low.logit) / (high.cosine - low.cosine);
  return { scale, bias: high.logit - scale * high.cosine };
}

function unit(data: Float32Array, from: number, size: number): Float64Array {
  const vector = Float64Array.from(data.subarray(from, from + size));
  const length = Math.hypot(...vector);
  return vector.map((value) => value / (length || 1));
}

function embedded(outputs: Outputs, names: readonly string[]): Tensor {
  const found = names.map((name) => outputs[name]).find((tensor) => tensor?.dims.length === 2);
  if (!found)
    throw new GuideProblem(
      `its network gives ${Object.keys(outputs).join(', ')}: expected ${names.join(' or ')}; give another export`,
    );
  return found;
}

/** Tracks runs of the networks: `end` refuses new runs and waits for running ones. The library prints the inputs of a run whose session is released. */
class Runs {
  readonly #running = new Set<Promise<unknown>>();
  #ended = false;

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#ended) throw new GuideProblem('the CLIP was closed during the request');
    const run = work();
    this.#running.add(run);
    try {
      return await run;
    } finally {
      this.#running.delete(run);
    }
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled(this.#running);
  }
}
