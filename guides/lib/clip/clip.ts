/** CLIP: embeds texts and pictures; loaded once per process from a folder on disk. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { type Candidates, type GuideContext, GuideProblem } from '../../../src/guide.ts';
import { Lexicon } from '../../../src/kit/lexicon.ts';
import { readLexicon } from '../../../src/kit/lexicon-files.ts';
import { type PixelFormat, toPixels, type View, WHOLE } from '../pixels.ts';
import { clipPixelFormat } from './preprocessor.ts';
import { readVocabulary, type Vocabulary } from './rivals.ts';
import { openSideTowers, type PictureTower } from './side-towers.ts';
import { type ClipConfig, type ClipScale, clipConfig, isSiglip, openTowers, type Towers } from './towers.ts';

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
  /** From cosines to logits, as it was trained. */
  readonly scale: ClipScale;
  /** Whether each pair of picture and text was trained on its own, by a sigmoid (SigLIP). */
  readonly isSigmoid: boolean;
  /** Side of the pictures that it looks at, in pixels. */
  readonly side: number;
  /**
   * One unit vector per candidate, in order.
   *
   * @param views parts of each that are looked at; of several, the mean of their vectors. @default the whole
   */
  embedPictures(candidates: Candidates, looking: Looking, views?: readonly View[]): Promise<Embeddings>;
  /**
   * As `embedPictures` of the whole, for comparison with texts only: by the tower for half-finished pictures of that side,
   * where the folder has one.
   */
  embedBeginnings(candidates: Candidates, looking: Looking): Promise<Embeddings>;
  dispose(): Promise<void>;
}

/** Whose turn it is, and when it ends. */
export type Looking = Pick<GuideContext, 'signal' | 'compute'>;

/** What a CLIP is opened with. */
export type Opening = Pick<GuideContext, 'execution' | 'open'>;

/** Limits of one run of the picture tower, in floats (13 pictures of 224×224) and in pictures: other work waits during a run. */
const CHUNK_FLOATS = 2 ** 21;
const MAX_CHUNK = 32;
const MAX_KEPT_TEXTS = 4096;

/**
 * Opens a CLIP or SigLIP exported for transformers.js: config.json, tokenizer files, preprocessor_config.json, onnx/; and
 * Kandid's model.json and vocabulary.json, if there are any.
 *
 * @throws GuideProblem if a file is missing or cannot be read
 */
export async function openClip(folder: string, { execution, open }: Opening): Promise<Clip> {
  const format = clipPixelFormat(await readJson(join(folder, 'preprocessor_config.json')));
  const config = clipConfig(await readJson(join(folder, 'config.json')));
  const vocabulary = await readVocabulary(folder);
  const lexicon = await lexiconOf(folder);
  let towers: Towers | undefined;
  try {
    towers = await openTowers(folder, config, format, execution);
    const manifest = await readJson(join(folder, 'model.json')).catch(() => null);
    const sideTowers = await openSideTowers(folder, manifest, format, open);
    const scale = statedScale(manifest) ?? (await towers.scale()) ?? usualScale(config);
    return clipOf(towers, { format, sideTowers, vocabulary, lexicon, scale, isSigmoid: isSiglip(config) });
  } catch (cause) {
    await towers?.dispose();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GuideProblem(
      `the CLIP in folder "${basename(folder)}" could not be opened (${reason}): expected a folder exported for transformers.js; copy it again, or give another model`,
      { cause },
    );
  }
}

const stated = z.looseObject({ logit_scale: z.number().positive(), logit_bias: z.number().default(0) });

/** Of Kandid's model.json; null where it says nothing. */
function statedScale(manifest: unknown): ClipScale | null {
  const parsed = stated.safeParse(manifest);
  return parsed.success ? { scale: parsed.data.logit_scale, bias: parsed.data.logit_bias } : null;
}

/** Exports of separate towers leave the scale out: CLIP's training ends at its limit of 100, SigLIP's near these. */
function usualScale(config: ClipConfig): ClipScale {
  return isSiglip(config) ? { scale: 117, bias: -12.9 } : { scale: 100, bias: 0 };
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

interface Parts extends Pick<Clip, 'vocabulary' | 'lexicon' | 'scale' | 'isSigmoid'> {
  readonly format: PixelFormat;
  readonly sideTowers: ReadonlyMap<number, PictureTower>;
}

function clipOf(towers: Towers, { format, sideTowers, ...parts }: Parts): Clip {
  const kept = new Map<string, Float32Array>();
  const embedNew = async (texts: readonly string[]): Promise<readonly (readonly [string, Float32Array])[]> => {
    if (texts.length === 0) return [];
    const { data, size } = unitRows((await towers.texts(texts)).data as Float32Array, texts.length);
    return texts.map((one, index) => [one, data.slice(index * size, (index + 1) * size)]);
  };
  const whole: PictureTower = {
    format,
    most: Math.max(1, Math.min(MAX_CHUNK, Math.floor(CHUNK_FLOATS / (3 * format.side ** 2)))),
    embed: async (pixels, number) => (await towers.pictures(pixels, number)).data as Float32Array,
  };
  return {
    ...parts,
    side: format.side,
    async embedTexts(texts) {
      const asked = new Map([...new Set(texts)].map((one) => [one, kept.get(one)]));
      for (const [one, vector] of await embedNew([...asked.keys()].filter((one) => !asked.get(one))))
        asked.set(one, vector);
      if (kept.size + asked.size > MAX_KEPT_TEXTS) kept.clear();
      for (const [one, vector] of asked) kept.set(one, vector as Float32Array);
      return texts.map((one) => asked.get(one) as Float32Array);
    },
    embedPictures: (candidates, looking, views) => embed(whole, candidates, looking, views),
    embedBeginnings: (candidates, looking) => embed(sideTowers.get(candidates.side) ?? whole, candidates, looking),
    dispose: () => towers.dispose(),
  };
}

async function embed(
  { format, most, embed: run }: PictureTower,
  candidates: Candidates,
  { signal, compute }: Looking,
  views: readonly View[] = [WHOLE],
): Promise<Embeddings> {
  const total = candidates.batch * candidates.count;
  const embeddings: Embeddings[] = [];
  for (let first = 0; first < total; first += most) {
    const number = Math.min(most, total - first);
    // A run blocks the thread: other work and cancellation are handled between two runs.
    const part = await compute(async () => {
      signal.throwIfAborted();
      const seen: Embeddings[] = [];
      for (const view of views)
        seen.push(unitRows(await run(toPixels(candidates, first, number, format, view), number), number));
      return meanOf(seen);
    });
    embeddings.push(part);
  }
  return joined(embeddings);
}

function meanOf(all: readonly Embeddings[]): Embeddings {
  const [first] = all;
  if (!first || all.length === 1) return first ?? { data: new Float32Array(0), size: 0 };
  const data = first.data.map((_, i) => all.reduce((sum, one) => sum + (one.data[i] as number), 0) / all.length);
  return { data, size: first.size };
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

/** Rows [n, size] scaled to length 1; the networks do not normalise them. */
function unitRows(values: Float32Array, rows: number): Embeddings {
  const data = Float32Array.from(values);
  const size = data.length / rows;
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let i = row * size; i < (row + 1) * size; i++) square += (data[i] as number) ** 2;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let i = row * size; i < (row + 1) * size; i++) data[i] = (data[i] as number) * scale;
  }
  return { data, size };
}

/** Cosine of one of the pictures and a direction. */
export function cosine(pictures: Embeddings, n: number, direction: Float32Array): number {
  return cosines([direction])(pictures, n)[0] as number;
}

/**
 * Cosines of one of the pictures and several directions, all of one size, in their order. Four at once: half the time, as
 * an addition waits for the one before it.
 */
export function cosines(directions: readonly Float32Array[]): (pictures: Embeddings, n: number) => Float64Array {
  const size = directions[0]?.length ?? 0;
  const rows = Math.ceil(directions.length / 4) * 4;
  const all = new Float32Array(rows * size);
  for (const [row, direction] of directions.entries()) all.set(direction, row * size);
  return ({ data }, n) => {
    const found = new Float64Array(rows);
    for (let row = 0; row < rows; row += 4) fourCosines(data, n * size, all, row * size, size, found, row);
    return found.subarray(0, directions.length);
  };
}

function fourCosines(
  data: Float32Array,
  from: number,
  rows: Float32Array,
  first: number,
  size: number,
  found: Float64Array,
  at: number,
): void {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < size; i++) {
    const value = data[from + i] as number;
    a += value * (rows[first + i] as number);
    b += value * (rows[first + size + i] as number);
    c += value * (rows[first + 2 * size + i] as number);
    d += value * (rows[first + 3 * size + i] as number);
  }
  found[at] = a;
  found[at + 1] = b;
  found[at + 2] = c;
  found[at + 3] = d;
}
