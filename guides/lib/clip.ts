/** CLIP: a text tower and a picture tower, loaded once per process from a folder on disk; nothing is ever downloaded. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { PreTrainedModel, PreTrainedTokenizer, Tensor } from '@xenova/transformers';
import { type Candidates, type GuideContext, GuideProblem } from '../../src/guide.ts';
import { Lexicon } from '../../src/kit/lexicon.ts';
import { readLexicon } from '../../src/kit/lexicon-files.ts';
import { withoutTelemetry } from '../../src/kit/telemetry.ts';
import { type PixelFormat, toPixels } from './pixels.ts';
import { clipPixelFormat } from './preprocessor.ts';
import { readVocabulary, type Vocabulary } from './rivals.ts';

/** Unit vectors, one per text or picture, end to end. */
export interface Embeddings {
  readonly data: Float32Array;
  readonly size: number;
}

export interface Clip {
  /** One unit vector per text; cached across levels and requests. */
  embedTexts(texts: readonly string[]): Promise<Float32Array[]>;
  /** Groups of texts from vocabulary.json, if the folder has one. */
  readonly vocabulary: Vocabulary;
  /** The words it knows; null if it takes any. */
  readonly lexicon: Lexicon | null;
  /** One unit vector per candidate, in order. */
  embedPictures(candidates: Candidates, signal: AbortSignal, compute: GuideContext['compute']): Promise<Embeddings>;
  dispose(): Promise<void>;
}

/** Limits of one run of the picture tower, in floats (13 pictures of 224×224) and in pictures: other work waits during a run. */
const CHUNK_FLOATS = 2 ** 21;
const MAX_CHUNK = 32;
const MAX_KEPT_TEXTS = 4096;
/** Number formats searched for, as suffix of the file name, best first. */
const FORMATS = [
  ['', 'fp32'],
  ['_fp16', 'fp16'],
  ['_quantized', 'q8'],
] as const;

type Library = typeof import('@xenova/transformers');
type Execution = GuideContext['execution'];

/** The library, configured to use local files only: by default it downloads missing files and writes into node_modules. */
async function offlineLibrary(): Promise<Library> {
  withoutTelemetry();
  const library = await import('@xenova/transformers');
  library.env.allowRemoteModels = false;
  library.env.useFSCache = false;
  return library;
}

function numberFormat(folder: string, tower: string): 'fp32' | 'fp16' | 'q8' {
  for (const [ending, format] of FORMATS) if (existsSync(join(folder, 'onnx', `${tower}${ending}.onnx`))) return format;
  throw new GuideProblem(
    `the CLIP in folder "${basename(folder)}" has no onnx/${tower}.onnx (nor _fp16 nor _quantized): expected an export with text_model and vision_model; give another model`,
  );
}

function loadOptions(folder: string, tower: string, execution: Execution) {
  const { device = 'cpu', deviceId, threads } = execution ?? {};
  return {
    local_files_only: true,
    device,
    dtype: numberFormat(folder, tower),
    session_options: {
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      ...(device === 'cuda' ? { executionProviders: [{ name: 'cuda', deviceId: deviceId ?? 0 }] } : {}),
    },
  };
}

/**
 * Opens a CLIP exported for transformers.js: config.json, tokenizer files, preprocessor_config.json, onnx/; and
 * Kandid's vocabulary.json, if there is one.
 * @throws GuideProblem if a file is missing or cannot be read
 */
export async function openClip(folder: string, execution: Execution): Promise<Clip> {
  const format = clipPixelFormat(await readJson(join(folder, 'preprocessor_config.json')));
  const vocabulary = await readVocabulary(folder);
  const lexicon = await lexiconOf(folder);
  const textOptions = loadOptions(folder, 'text_model', execution);
  const visionOptions = loadOptions(folder, 'vision_model', execution);
  const library = await offlineLibrary();
  try {
    const tokenizer = await library.AutoTokenizer.from_pretrained(folder, { local_files_only: true });
    const text = await library.CLIPTextModelWithProjection.from_pretrained(folder, textOptions);
    const vision = await library.CLIPVisionModelWithProjection.from_pretrained(folder, visionOptions);
    return towers(library, { tokenizer, text, vision, format, vocabulary, lexicon });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GuideProblem(
      `the CLIP in folder "${basename(folder)}" could not be opened (${reason}): expected a folder exported for transformers.js; copy it again, or give another model`,
      { cause },
    );
  }
}

async function lexiconOf(folder: string): Promise<Lexicon | null> {
  try {
    const parts = await readLexicon(folder);
    return parts && new Lexicon(parts);
  } catch (cause) {
    throw new GuideProblem(
      `tokenizer.json or synonyms.json of the CLIP in folder "${basename(folder)}" is invalid: expected an export for transformers.js, and {"synonyms": {"specs": "glasses"}}; copy it again`,
      { cause },
    );
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new GuideProblem(
      `${basename(path)} of the CLIP could not be read: expected a folder exported for transformers.js`,
      { cause },
    );
  }
}

type TextOutput = { readonly text_embeds: Tensor };
type VisionOutput = { readonly image_embeds: Tensor };

interface Parts {
  readonly tokenizer: PreTrainedTokenizer;
  readonly text: PreTrainedModel;
  readonly vision: PreTrainedModel;
  readonly format: PixelFormat;
  readonly vocabulary: Vocabulary;
  readonly lexicon: Lexicon | null;
}

function towers(library: Library, { tokenizer, text, vision, format, vocabulary, lexicon }: Parts): Clip {
  const kept = new Map<string, Float32Array>();
  const runs = new Runs();
  const embedNew = async (texts: readonly string[]): Promise<readonly (readonly [string, Float32Array])[]> => {
    if (texts.length === 0) return [];
    const tokens = tokenizer([...texts], { padding: true, truncation: true });
    const { data, size } = unitRows((await runs.run<TextOutput>(() => text(tokens))).text_embeds, texts.length);
    return texts.map((one, index) => [one, data.slice(index * size, (index + 1) * size)]);
  };
  const embedChunk = async (candidates: Candidates, first: number, number: number): Promise<Embeddings> => {
    const pixels = toPixels(candidates, first, number, format);
    const input = new library.Tensor('float32', pixels, [number, format.mean.length, format.side, format.side]);
    return unitRows((await runs.run<VisionOutput>(() => vision({ pixel_values: input }))).image_embeds, number);
  };
  return {
    vocabulary,
    lexicon,
    async embedTexts(texts) {
      const asked = new Map([...new Set(texts)].map((one) => [one, kept.get(one)]));
      for (const [one, vector] of await embedNew([...asked.keys()].filter((one) => !asked.get(one))))
        asked.set(one, vector);
      if (kept.size + asked.size > MAX_KEPT_TEXTS) kept.clear();
      for (const [one, vector] of asked) kept.set(one, vector as Float32Array);
      return texts.map((one) => asked.get(one) as Float32Array);
    },
    async embedPictures(candidates, signal, compute) {
      const total = candidates.batch * candidates.count;
      const chunk = Math.max(1, Math.min(MAX_CHUNK, Math.floor(CHUNK_FLOATS / (3 * format.side ** 2))));
      const parts: Embeddings[] = [];
      for (let first = 0; first < total; first += chunk) {
        // A run blocks the thread: other work and cancellation are handled between two runs.
        const part = await compute(async () => {
          signal.throwIfAborted();
          return await embedChunk(candidates, first, Math.min(chunk, total - first));
        });
        parts.push(part);
      }
      return joined(parts);
    },
    async dispose() {
      await runs.end();
      await Promise.all([text.dispose(), vision.dispose()]);
    },
  };
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

function joined(parts: readonly Embeddings[]): Embeddings {
  const size = parts[0]?.size ?? 0;
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, size };
}

/** Rows of a tensor [n, size] scaled to length 1; the library does not normalise them. */
function unitRows(tensor: Tensor, rows: number): Embeddings {
  const data = Float32Array.from(tensor.data as Float32Array);
  const size = data.length / rows;
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let i = row * size; i < (row + 1) * size; i++) square += (data[i] as number) ** 2;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let i = row * size; i < (row + 1) * size; i++) data[i] = (data[i] as number) * scale;
  }
  return { data, size };
}
