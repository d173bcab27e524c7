/** The files of a data set's folder. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError, reasonOf } from '../../errors.ts';
import { NpyWriter } from './npy.ts';

/** Writes a temporary file and renames it, so that the file is never incomplete. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.tmp`, text);
  await rename(`${path}.tmp`, path);
}

/** Values as JSON, one per line. */
export function jsonLines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('');
}

/** A data set that is written in one pass. */
export interface WholeSet {
  /** [side, side, channels]. */
  readonly shape: readonly [number, number, number];
  /** Pixels of each picture, in that shape; one per label. */
  readonly pictures: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** The lines of labels.jsonl, one per picture. */
  readonly labels: readonly unknown[];
  /** The content of dataset.json. */
  readonly description: Readonly<Record<string, unknown>>;
}

/**
 * Writes pictures.npy, labels.jsonl and dataset.json, each atomically.
 * @throws KandidError file_unwritable, or errors from the iteration of `pictures`
 */
export async function writeWholeSet(folder: string, { shape, pictures, labels, description }: WholeSet): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    const growing = join(folder, 'pictures.npy.tmp');
    await rm(growing, { force: true });
    const writer = await NpyWriter.open(growing, shape);
    try {
      for await (const pixels of pictures) await writer.append([Buffer.from(pixels)]);
      await writer.finish([labels.length, ...shape]);
    } finally {
      await writer.close();
    }
    await replaceFile(join(folder, 'labels.jsonl'), jsonLines(labels));
    await replaceFile(join(folder, 'dataset.json'), `${JSON.stringify(description, null, 2)}\n`);
    await rename(growing, join(folder, 'pictures.npy'));
  } catch (error) {
    if (error instanceof KandidError) throw error;
    throw new KandidError('file_unwritable', { file: folder, reason: reasonOf(error) }, { cause: error });
  }
}
