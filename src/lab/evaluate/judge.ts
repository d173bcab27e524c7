/** The judge of text guidance: a classifier of attributes that is never the guide of the same experiment. */
import { join } from 'node:path';
import { z } from 'zod';
import { toKandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { findModel } from '../../runtime/models.ts';
import { formatFields, PictureNetwork, readLabelsFile } from './picture-network.ts';
import type { Setting } from './task.ts';

export const JUDGE = 'avatars-attributes';
/** The data set whose attributes it knows. */
export const JUDGED = 'avatars';

const values = z.array(z.string()).min(1);

/** labels.json of a classifier: the values of each attribute, in the order of the network's outputs. */
const labelsFile = z.object({
  attributes: z.record(z.string(), z.union([values, z.object({ values, offset: z.int().min(0).optional() })])),
  ...formatFields,
});

type Labels = z.output<typeof labelsFile>;

interface Group {
  readonly attribute: string;
  readonly offset: number;
  readonly values: readonly string[];
}

export type Verdict = Readonly<Record<string, string>>;

export class Judge {
  readonly #network: PictureNetwork;
  readonly #groups: readonly Group[];

  private constructor(network: PictureNetwork, { attributes }: Labels) {
    this.#network = network;
    let next = 0;
    this.#groups = Object.entries(attributes).map(([attribute, entry]) => {
      const list = Array.isArray(entry) ? entry : entry.values;
      const offset = (Array.isArray(entry) ? undefined : entry.offset) ?? next;
      next = offset + list.length;
      return { attribute, offset, values: list };
    });
  }

  /** @throws {KandidError} model_unknown, file_unreadable, graph_unreadable */
  static async open(models: readonly string[]): Promise<Judge> {
    const { folder } = await findModel(JUDGE, models);
    const labels = await readLabelsFile(folder, labelsFile);
    // Area-averaged, as in its training.
    return new Judge(await PictureNetwork.open(join(folder, 'model.onnx'), { ...labels, shrink: 'area' }), labels);
  }

  /** The likeliest value of every attribute of each picture. */
  async classify(pictures: readonly Picture[]): Promise<Verdict[]> {
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
    return (await this.#network.run(pictures)).map((outputs) => Object.values(outputs)[0] as Float64Array);
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
    await this.#network.close();
  }
}

/** Why the judge is unavailable, or null. */
export async function judgeSkipReason({ dataset, models }: Setting): Promise<string | null> {
  if (dataset !== JUDGED) return 'its attributes are those of avatars, and the model was not trained on them';
  try {
    await findModel(JUDGE, models);
    return null;
  } catch (error) {
    return toKandidError(error).message;
  }
}
