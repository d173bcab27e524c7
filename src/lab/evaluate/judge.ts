/** The judge of text guidance: a classifier of attributes that is never the guide of the same experiment. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { KandidError, reasonOf, toKandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { clamp } from '../../kit/quality.ts';
import { resample } from '../../kit/resample.ts';
import { findModel } from '../../runtime/models.ts';
import { createSession, type Session } from '../../runtime/session.ts';
import type { Setting } from './task.ts';

export const JUDGE = 'avatars-attributes';

const CHUNK = 64;

const values = z.array(z.string()).min(1);

/** labels.json of a classifier: the values of each attribute, in the order of the network's outputs. */
const labelsFile = z.object({
  attributes: z.record(z.string(), z.union([values, z.object({ values, offset: z.int().min(0).optional() })])),
  side: z.int().positive().default(64),
  mean: z.array(z.number()).default([0.5, 0.5, 0.5]),
  deviation: z.array(z.number()).default([0.5, 0.5, 0.5]),
});

type Labels = z.output<typeof labelsFile>;

interface Group {
  readonly attribute: string;
  readonly offset: number;
  readonly values: readonly string[];
}

export type Verdict = Readonly<Record<string, string>>;

export class Judge {
  readonly #session: Session;
  readonly #labels: Labels;
  readonly #groups: readonly Group[];

  private constructor(session: Session, labels: Labels) {
    this.#session = session;
    this.#labels = labels;
    let next = 0;
    this.#groups = Object.entries(labels.attributes).map(([attribute, entry]) => {
      const list = Array.isArray(entry) ? entry : entry.values;
      const offset = (Array.isArray(entry) ? undefined : entry.offset) ?? next;
      next = offset + list.length;
      return { attribute, offset, values: list };
    });
  }

  /** @throws {KandidError} model_unknown, file_unreadable, graph_unreadable */
  static async open(models: readonly string[]): Promise<Judge> {
    const { folder } = await findModel(JUDGE, models);
    const file = join(folder, 'labels.json');
    let labels: Labels;
    try {
      labels = labelsFile.parse(JSON.parse(await readFile(file, 'utf8')));
    } catch (cause) {
      throw new KandidError('file_unreadable', { file, reason: reasonOf(cause) }, { cause });
    }
    return new Judge(await createSession(join(folder, 'model.onnx')), labels);
  }

  /** The likeliest value of every attribute of each picture. */
  async look(pictures: readonly Picture[]): Promise<Verdict[]> {
    const rows = await this.features(pictures);
    return rows.map((row) =>
      Object.fromEntries(
        this.#groups.map(({ attribute, offset, values: names }) => {
          const own = [...row.subarray(offset, offset + names.length)];
          return [attribute, names[own.indexOf(Math.max(...own))] as string];
        }),
      ),
    );
  }

  /** Logits of each picture. */
  async features(pictures: readonly Picture[]): Promise<Float64Array[]> {
    const rows: Float64Array[] = [];
    for (let from = 0; from < pictures.length; from += CHUNK)
      rows.push(...(await this.#chunk(pictures.slice(from, from + CHUNK))));
    return rows;
  }

  /** Mean probability, over attributes, of the likeliest value: near 1 for pictures with clear attributes. */
  confidence(features: Float64Array): number {
    const shares = this.#groups.map(({ offset, values: names }) => {
      const own = features.subarray(offset, offset + names.length);
      const top = Math.max(...own);
      return 1 / own.reduce((sum, value) => sum + Math.exp(value - top), 0);
    });
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  async #chunk(pictures: readonly Picture[]): Promise<Float64Array[]> {
    const { side } = this.#labels;
    const data = new Float32Array(pictures.length * 3 * side * side);
    for (const [i, picture] of pictures.entries()) data.set(this.#input(picture), i * 3 * side * side);
    const [input] = this.#session.inputs;
    const feeds = { [input?.name ?? '']: { data, dims: [pictures.length, 3, side, side] } };
    const [logits] = Object.values(await this.#session.run(feeds));
    const width = (logits?.data.length ?? 0) / pictures.length;
    return pictures.map((_, i) => Float64Array.from(logits?.data.subarray(i * width, (i + 1) * width) ?? []));
  }

  /** Clamped, of the classifier's side, with its mean and standard deviation. */
  #input(picture: Picture): Float32Array {
    const { side, mean, deviation } = this.#labels;
    const to = { height: side, width: side };
    const planes = resized(picture, to);
    const size = side * side;
    const out = new Float32Array(3 * size);
    for (let i = 0; i < out.length; i++) {
      const channel = Math.floor(i / size);
      const value = planes[Math.min(channel, picture.channels - 1) * size + (i % size)] as number;
      const unit = (clamp(value) + 1) / 2;
      out[i] = (unit - (mean[channel] as number)) / (deviation[channel] as number);
    }
    return out;
  }
}

/** Area-averaged if larger, as in the judge's training; interpolated if smaller. */
function resized(picture: Picture, to: { height: number; width: number }): Float32Array {
  if (picture.width === to.width) return picture.data;
  return resample(picture.data, picture, to, picture.width > to.width ? 'area' : 'bilinear-plain');
}

/** Reason why the judge is unavailable, or null. */
export async function judgeSkipReason({ dataset, models }: Setting): Promise<string | null> {
  if (dataset !== 'avatars') return 'its attributes are those of avatars, and the model was not trained on them';
  try {
    await findModel(JUDGE, models);
    return null;
  } catch (error) {
    return toKandidError(error).message;
  }
}
