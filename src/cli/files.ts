/** Reads and writes files for commands; writes are atomic. */
import { constants, existsSync } from 'node:fs';
import { access, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KandidError, reasonOf } from '../errors.ts';
import type { Io } from './io.ts';

/** Larger files are not pictures that anyone intends to use. */
const MAX_BYTES = 256 * 2 ** 20;

/** Bytes of a file, or of standard input for `-`. @throws {KandidError} file_unreadable, option_invalid */
export async function readInput(path: string, io: Io): Promise<Uint8Array> {
  const bytes = path === '-' ? await io.input() : await readWhole(path);
  if (bytes.length > 0) return bytes;
  throw new KandidError('file_unreadable', { file: path === '-' ? 'Standard input' : path, reason: 'it is empty' });
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new Error('it is a folder, expected a file');
    if (found.size > MAX_BYTES) throw new Error(`it has ${found.size} bytes, at most ${MAX_BYTES} are taken`);
    return await readFile(path);
  } catch (cause) {
    throw new KandidError('file_unreadable', { file: path, reason: plainReason(cause) }, { cause });
  }
}

/** Writes a file, creating its folder. @throws {KandidError} file_unwritable */
export async function writeOutput(path: string, bytes: Uint8Array | string): Promise<void> {
  const growing = `${path}.${process.pid}.tmp`;
  try {
    await makeFolder(dirname(path));
    await writeFile(growing, bytes);
    await rename(growing, path);
  } catch (cause) {
    await rm(growing, { force: true }).catch(() => {});
    throw new KandidError('file_unwritable', { file: path, reason: plainReason(cause) }, { cause });
  }
}

/**
 * Creates a folder and its parents, one by one: Node's recursive mode loops endlessly where the system reports that no
 * such path exists (below /proc, for example).
 */
export async function makeFolder(path: string): Promise<void> {
  if (existsSync(path)) {
    if (!(await stat(path)).isDirectory()) throw new Error('a file is where a folder should be');
    return;
  }
  const above = dirname(path);
  if (above !== path) await makeFolder(above);
  await mkdir(path).catch(async (cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw new Error('its folder cannot be made there', { cause });
    if (cause.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw cause;
  });
}

/**
 * Creates the folder of a file and checks that it is writable, before anything is computed. @throws {KandidError}
 * file_unwritable
 */
export async function prepareFolder(file: string): Promise<void> {
  const folder = dirname(file);
  try {
    await makeFolder(folder);
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new KandidError('file_unwritable', { file, reason: plainReason(cause) }, { cause });
  }
}

/** Replaces each text param `@FILE` by that file's bytes, `@-` by standard input, and `@@…` by `@…`. */
export async function withFiles(params: Readonly<Record<string, unknown>>, io: Io): Promise<Record<string, unknown>> {
  const entries = Object.entries(params).map(async ([name, value]) => {
    if (typeof value !== 'string' || !value.startsWith('@')) return [name, value] as const;
    if (value.startsWith('@@')) return [name, value.slice(1)] as const;
    return [name, await readInput(value.slice(1), io)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOSPC: 'the disk is full',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file',
  EROFS: 'the disk is read-only',
  EEXIST: 'a file is where a folder should be',
};

function plainReason(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return REASONS[code] ?? reasonOf(thrown);
}
