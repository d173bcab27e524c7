/** The `metrics` of a bundle's model.json. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError, reasonOf } from '../../errors.ts';
import { MANIFEST_FILE } from '../../runtime/manifest.ts';

/**
 * Adds figures to the existing ones, and replaces the file atomically. The bundle's hash does not cover model.json.
 *
 * @throws {KandidError} file_unwritable
 */
export async function writeMetrics(folder: string, figures: Readonly<Record<string, unknown>>): Promise<void> {
  const file = join(folder, MANIFEST_FILE);
  const growing = `${file}.${process.pid}.tmp`;
  try {
    const manifest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    const metrics = { ...(manifest.metrics as Record<string, unknown> | undefined), ...figures };
    await writeFile(growing, `${JSON.stringify({ ...manifest, metrics }, null, 2)}\n`);
    await rename(growing, file);
  } catch (cause) {
    await rm(growing, { force: true }).catch(() => {});
    throw new KandidError('file_unwritable', { file, reason: reasonOf(cause) }, { cause });
  }
}
