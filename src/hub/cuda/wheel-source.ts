/** Where wheels come from: a package index, or a folder of them. What it gives has the locked hash. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError, reasonOf } from '../../errors.ts';
import type { Connection } from '../connection.ts';
import { type DownloadOptions, download, hashesOf } from '../download.ts';
import type { LockedWheel } from './lock.ts';
import { findWheel } from './simple-index.ts';

export interface WheelSource {
  /**
   * The path of a wheel, once it is whole.
   *
   * @param progress called with the bytes of it that are here
   * @throws {KandidError} wheel_unavailable, wheel_changed, wheel_missing, file_unwritable
   */
  get(wheel: LockedWheel, progress?: (bytes: number) => void): Promise<string>;
}

/** Downloads into a folder; a wheel that was cut is gone on with by a later call, also of another process. */
export function fromIndex(
  connection: Connection,
  folder: string,
  options: Pick<DownloadOptions, 'signal' | 'pauseMs'> = {},
): WheelSource {
  return {
    async get(wheel, progress) {
      const path = join(folder, wheel.file);
      if (await isRight(path, wheel)) return path;
      await mkdir(folder, { recursive: true });
      try {
        const remote = await findWheel(connection, wheel, options.signal);
        await download(connection, remote, path, { ...options, ...(progress ? { progress } : {}) });
      } catch (cause) {
        options.signal?.throwIfAborted();
        throw wheelError(wheel, cause);
      }
      return path;
    },
  };
}

/** Reads a folder, and nothing else: for machines without a network. */
export function fromFolder(folder: string): WheelSource {
  return {
    async get(wheel) {
      const path = join(folder, wheel.file);
      const found = await stat(path).catch(() => null);
      if (!found?.isFile()) throw new KandidError('wheel_missing', { folder, file: wheel.file });
      if (await isRight(path, wheel)) return path;
      const { bytes, sha256 } = await hashesOf(path);
      throw changed(wheel, `${path} has ${bytes} bytes and sha256 ${sha256}`);
    },
  };
}

async function isRight(path: string, { bytes, sha256 }: LockedWheel): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.size === bytes && (await hashesOf(path)).sha256 === sha256;
}

function changed({ file, bytes, sha256 }: LockedWheel, got: string): KandidError {
  return new KandidError('wheel_changed', { file, got, expected: `${bytes} bytes and sha256 ${sha256}` });
}

/** A failed download as an error for the user: the hub's speak of models. */
function wheelError(wheel: LockedWheel, cause: unknown): unknown {
  if (!(cause instanceof KandidError)) return cause;
  const { code, details } = cause;
  if (code === 'hub_changed') return changed(wheel, String(details.got));
  if (!code.startsWith('hub_')) return cause;
  return new KandidError('wheel_unavailable', { file: wheel.file, reason: reasonFrom(cause) }, { cause });
}

function reasonFrom(error: KandidError): string {
  const { url, reason, status } = error.details;
  if (error.code === 'hub_missing') return `there is nothing at ${url}`;
  if (error.code === 'hub_refused') return `${url} answers ${status}; it needs a name and a password in the address`;
  return reason === undefined ? reasonOf(error) : `${url}: ${reason}`;
}
