/** An ONNX network whose input is pictures: judges, classifiers, features. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { KandidError, reasonOf } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { clamp } from '../../kit/quality.ts';
import { resample } from '../../kit/resample.ts';
import { createSession, type Session } from '../../runtime/session.ts';

const CHUNK = 32;

/** The input format of a network. */
export interface PictureFormat {
  /** In pixels. */
  readonly side: number;
  /** Mean and deviation of each channel; black is 0, white 1. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** How larger pictures are shrunk; smaller ones are interpolated. */
  readonly shrink: 'area' | 'bilinear';
}

/** The fields of a classifier's labels.json, without its labels. */
export const formatFields = {
  side: z.int().positive().default(64),
  mean: z.array(z.number()).length(3).default([0.5, 0.5, 0.5]),
  deviation: z.array(z.number().positive()).length(3).default([0.5, 0.5, 0.5]),
};

/** The outputs for one picture, flat, by name. */
export type Outputs = Readonly<Record<string, Float64Array>>;

export class PictureNetwork {
  readonly format: PictureFormat;
  readonly #session: Session;

  constructor(session: Session, format: PictureFormat) {
    this.#session = session;
    this.format = format;
  }

  /** @throws {KandidError} graph_unreadable */
  static async open(file: string, format: PictureFormat): Promise<PictureNetwork> {
    return new PictureNetwork(await createSession(file), format);
  }

  /** The network's outputs for each picture. */
  async run(pictures: readonly Picture[]): Promise<Outputs[]> {
    const all: Outputs[] = [];
    const [batch] = this.#session.inputs[0]?.dims ?? [];
    const rows = typeof batch === 'number' ? batch : CHUNK;
    for (let from = 0; from < pictures.length; from += rows) {
      const part = pictures.slice(from, from + rows);
      all.push(...(await this.#chunk(part, typeof batch === 'number' ? batch : part.length)));
    }
    return all;
  }

  /** Channels of the outputs that are feature maps, [n, channels, height, width], by name. */
  get mapChannels(): ReadonlyMap<string, number> {
    const maps = this.#session.outputs.filter(({ dims }) => dims.length === 4 && typeof dims[1] === 'number');
    return new Map(maps.map(({ name, dims }) => [name, dims[1] as number]));
  }

  async close(): Promise<void> {
    await this.#session.release();
  }

  /** @param rows batch size of the input, at least the number of pictures: some networks have a fixed one */
  async #chunk(pictures: readonly Picture[], rows: number): Promise<Outputs[]> {
    const { side } = this.format;
    const data = new Float32Array(rows * 3 * side * side);
    for (const [i, picture] of pictures.entries()) data.set(networkInput(picture, this.format), i * 3 * side * side);
    const [input] = this.#session.inputs;
    const outputs = await this.#session.run({ [input?.name ?? '']: { data, dims: [rows, 3, side, side] } });
    return pictures.map((_, i) =>
      Object.fromEntries(
        Object.entries(outputs).map(([name, { data: values }]) => {
          const width = values.length / rows;
          return [name, Float64Array.from(values.subarray(i * width, (i + 1) * width))];
        }),
      ),
    );
  }
}

/** [3, side, side] of a picture: clamped, resized, minus mean, divided by deviation. */
function networkInput(picture: Picture, { side, mean, deviation, shrink }: PictureFormat): Float32Array {
  const kernel = picture.width > side ? shrink : 'bilinear';
  const planes = resample(picture.data.map(clamp), picture, { height: side, width: side }, kernel);
  const size = side * side;
  return Float32Array.from({ length: 3 * size }, (_, i) => {
    const channel = Math.floor(i / size);
    const value = planes[Math.min(channel, picture.channels - 1) * size + (i % size)] as number;
    return ((clamp(value) + 1) / 2 - (mean[channel] as number)) / (deviation[channel] as number);
  });
}

/** Reads labels.json in a folder. @throws {KandidError} file_unreadable, also if it does not match the schema */
export async function readLabelsFile<T>(folder: string, schema: z.ZodType<T>): Promise<T> {
  const file = join(folder, 'labels.json');
  try {
    return schema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new KandidError('file_unreadable', { file, reason: reasonOf(cause) }, { cause });
  }
}
