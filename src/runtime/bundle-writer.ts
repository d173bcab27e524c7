/**
 * Adds a new bundle to a folder of models: written to a temporary folder, then renamed, so that no bundle is ever
 * incomplete.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError, reasonOf } from '../errors.ts';

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The record of a file in model.json. */
export function fileRecord(bytes: Uint8Array): { sha256: string; bytes: number } {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

/** @throws {KandidError} option_invalid, bundle_exists */
export function checkNewName(models: string, name: string): void {
  if (!NAME.test(name))
    throw new KandidError('option_invalid', {
      option: 'name',
      got: `"${name.slice(0, 80)}"`,
      expected: 'at most 64 lower-case letters, digits, dots and hyphens',
    });
  if (existsSync(join(models, name))) throw new KandidError('bundle_exists', { name, folder: models });
}

/**
 * Has a new bundle written and moves it into place; if writing fails, nothing is left.
 *
 * @param write fills the empty folder that it receives
 * @throws {KandidError} option_invalid, bundle_exists, file_unwritable, and the errors of `write`
 */
export async function stagedFolder<T extends object>(
  models: string,
  name: string,
  write: (folder: string) => Promise<T>,
): Promise<T & { readonly folder: string }> {
  checkNewName(models, name);
  const folder = join(models, name);
  const staging = join(models, `.${name}.${process.pid}.tmp`);
  try {
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging, { recursive: true });
    const written = await write(staging);
    checkNewName(models, name);
    await rename(staging, folder);
    return { ...written, folder };
  } catch (cause) {
    if (!isFileError(cause)) throw cause;
    throw new KandidError('file_unwritable', { file: folder, reason: reasonOf(cause) }, { cause });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function isFileError(cause: unknown): boolean {
  return cause instanceof Error && typeof (cause as NodeJS.ErrnoException).syscall === 'string';
}
