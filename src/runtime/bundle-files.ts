/**
 * Reads files of bundles. A bundle may come from anywhere, so its files must be regular files inside its folder, within
 * the size limits.
 */
import { constants } from 'node:fs';
import { open, readdir, realpath } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { KandidError, reasonOf } from '../errors.ts';

/** Checked after a non-blocking open, because opening a FIFO could block forever. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** @throws {KandidError} bundle_invalid (a link out of the folder, not a regular file, too large), file_unreadable */
export async function readBundleFile(folder: string, file: string, mostBytes: number): Promise<string> {
  const path = join(folder, file);
  await checkInside(folder, file);
  try {
    const handle = await open(path, FLAGS);
    try {
      const found = await handle.stat();
      if (!found.isFile()) throw invalid(folder, file, 'it is no file');
      if (found.size > mostBytes)
        throw invalid(folder, file, `it has ${found.size} bytes, expected at most ${mostBytes}`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof KandidError) throw cause;
    throw new KandidError('file_unreadable', { file: path, reason: reasonOf(cause) }, { cause });
  }
}

/** A missing file is reported by its reader. @throws {KandidError} bundle_invalid for a link out of the folder */
export async function checkInside(folder: string, file: string): Promise<void> {
  const path = await realpath(join(folder, file)).catch(() => null);
  if (path === null) return;
  const from = relative(await realpath(folder), path);
  if (from === '..' || from.startsWith(`..${sep}`) || resolve(from) === from)
    throw invalid(folder, file, "it is a link that leads out of the bundle's folder");
}

/** For callers that open files of a bundle directly. @throws {KandidError} bundle_invalid, file_unreadable */
export async function checkFiles(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new KandidError('file_unreadable', { file: folder, reason: reasonOf(cause) }, { cause });
  });
  for (const entry of entries) {
    const file = relative(folder, join(entry.parentPath, entry.name));
    if (entry.isSymbolicLink()) await checkInside(folder, file);
    else if (!entry.isFile() && !entry.isDirectory()) throw invalid(folder, file, 'it is no file');
  }
}

function invalid(folder: string, file: string, problem: string): KandidError {
  return new KandidError('bundle_invalid', { bundle: basename(resolve(folder)), file, problem });
}
