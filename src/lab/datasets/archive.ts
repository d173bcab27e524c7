/** Published archives of pictures, unpacked temporarily. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { KandidError, reasonOf } from '../../errors.ts';

const run = promisify(execFile);

/**
 * Calls `work` with the folder `from`, or with a temporary one into which the archive `from` (.tar, .tgz, .tar.xz: what
 * the system's `tar` reads) is unpacked.
 *
 * @throws {KandidError} file_unreadable
 */
export async function withUnpacked<T>(from: string, work: (folder: string) => Promise<T>): Promise<T> {
  const found = await stat(from).catch((error: unknown) => {
    throw new KandidError('file_unreadable', { file: from, reason: reasonOf(error) }, { cause: error });
  });
  if (found.isDirectory()) return await work(from);
  const folder = await mkdtemp(join(tmpdir(), 'kandid-archive-'));
  try {
    await run('tar', ['-xf', resolve(from), '-C', folder]).catch((error: unknown) => {
      const reason = 'tar could not unpack it: unpack it yourself and name the folder';
      throw new KandidError('file_unreadable', { file: from, reason }, { cause: error });
    });
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
