/** Fetches a file: resumed where it was cut, verified, and in its place only when it is whole. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, createReadStream, ftruncateSync, openSync, writeSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { KandidError } from '../errors.ts';
import { Backoff } from '../kit/backoff.ts';
import { type Connection, checkStatus, type HubResponse, hubError } from './connection.ts';
import type { RemoteFile } from './repository.ts';

/** Tries in a row that bring nothing; any progress begins the count anew. */
const MAX_IDLE_TRIES = 5;
const FIRST_PAUSE = 500;

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds before the first new try; then twice as many. @default 500 */
  readonly pauseMs?: number | undefined;
  /** @param bytes of this file that are here */
  progress?(bytes: number): void;
}

export interface Downloaded {
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * @param path of the whole file; until it is whole it grows beside it as `.part`, which a later call goes on from
 * @throws {KandidError} hub_failed, hub_refused, hub_missing, hub_changed, file_unwritable
 */
export async function download(
  connection: Connection,
  file: RemoteFile,
  path: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const part = `${path}.part`;
  const known = await whole(path, file);
  if (known) return known;
  const isResumed = (await sizeOf(part)) > 0;
  await fetchWhole(connection, file, part, options);
  const found = await verified(file, part, path);
  if (found.isRight) return found;
  await rm(part, { force: true });
  // What was there may have been of an earlier version.
  if (isResumed) return await download(connection, file, path, options);
  throw new KandidError('hub_changed', {
    url: file.url,
    got: `${found.bytes} bytes, sha256 ${found.sha256}`,
    expected: `${file.bytes ?? 'any number of'} bytes, ${file.sha256 ? `sha256 ${file.sha256}` : `git blob ${file.gitBlob}`}`,
  });
}

/** Tries until all bytes are there; gives up where several tries in a row bring nothing. */
async function fetchWhole(
  connection: Connection,
  file: RemoteFile,
  part: string,
  options: DownloadOptions,
): Promise<void> {
  const waits = new Backoff({ firstMs: options.pauseMs ?? FIRST_PAUSE });
  let idle = 0;
  for (;;) {
    const before = await sizeOf(part);
    if (file.bytes !== null && before === file.bytes) return;
    try {
      if (await fetchRest(connection, file, part, before, options)) return;
      throw new Error('the connection ended early');
    } catch (cause) {
      options.signal?.throwIfAborted();
      if (cause instanceof KandidError) throw cause;
      const hasGrown = (await sizeOf(part)) > before;
      if (hasGrown) waits.reset();
      idle = hasGrown ? 0 : idle + 1;
      if (idle >= MAX_IDLE_TRIES) throw hubError(cause, file.url);
      await pause(waits.fail(), undefined, options.signal ? { signal: options.signal } : {});
    }
  }
}

async function whole(path: string, file: RemoteFile): Promise<Downloaded | null> {
  if ((await sizeOf(path)) === 0) return null;
  const found = await hashesOf(path);
  return fits(found, file) ? found : null;
}

/** Whether the file is whole now. */
async function fetchRest(
  connection: Connection,
  file: RemoteFile,
  part: string,
  before: number,
  { signal, progress }: DownloadOptions,
): Promise<boolean> {
  const range: Record<string, string> = before > 0 ? { range: `bytes=${before}-` } : {};
  const { status, headers, body } = await connection.get(file.url, { ...range, 'accept-encoding': 'identity' }, signal);
  if (status === 416) {
    await body.dump();
    await rm(part, { force: true });
    throw new Error('it has another size now');
  }
  if (status >= 400) await body.dump();
  checkStatus(status, file.url);
  const from = status === 206 ? startOf(headers['content-range'], before) : 0;
  const length = Number(headers['content-length'] ?? Number.NaN);
  const expected = file.bytes ?? (Number.isFinite(length) ? from + length : null);
  const at = await written(body, part, from, { most: file.bytes, progress });
  return expected === null || at === expected;
}

interface Writing {
  readonly most: number | null;
  readonly progress: DownloadOptions['progress'];
}

/**
 * Writes what comes, as soon as it comes: where a connection is cut, what waits to be read is lost.
 *
 * @returns where the file ends
 */
function written(body: HubResponse['body'], part: string, from: number, { most, progress }: Writing): Promise<number> {
  const file = openSync(part, from > 0 ? 'r+' : 'w');
  ftruncateSync(file, from);
  let at = from;
  const receiving = new Promise<number>((resolve, reject) => {
    body.on('data', (chunk: Buffer) => {
      try {
        at = append(file, chunk, at);
        if (most !== null && at > most) throw new Error(`it is longer than ${most} bytes`);
        progress?.(at);
      } catch (cause) {
        reject(cause);
        body.destroy();
      }
    });
    body.on('end', () => resolve(at));
    body.on('error', reject);
    body.on('close', () => reject(new Error('the connection was closed')));
  });
  return receiving.finally(() => closeSync(file));
}

/** A server that sends another part than was asked for is taken at its word. */
function startOf(range: string | string[] | undefined, asked: number): number {
  const found = /^bytes (\d+)-/.exec(String(range ?? ''));
  const start = found ? Number(found[1]) : asked;
  return start <= asked ? start : 0;
}

function append(file: number, bytes: Uint8Array, at: number): number {
  let done = 0;
  while (done < bytes.length) done += writeSync(file, bytes, done, bytes.length - done, at + done);
  return at + done;
}

export interface Found extends Downloaded {
  readonly gitBlob: string;
}

/** Puts it in its place if it is what was asked for. */
async function verified(file: RemoteFile, part: string, path: string): Promise<Downloaded & { isRight: boolean }> {
  const { gitBlob, ...found } = await hashesOf(part);
  const isRight = fits({ ...found, gitBlob }, file);
  if (isRight) await rename(part, path);
  return { ...found, isRight };
}

function fits(found: Found, { bytes, sha256, gitBlob }: RemoteFile): boolean {
  if (bytes !== null && found.bytes !== bytes) return false;
  if (sha256 !== null) return found.sha256 === sha256;
  return gitBlob === null || found.gitBlob === gitBlob;
}

export async function hashesOf(path: string): Promise<Found> {
  const bytes = await sizeOf(path);
  const sha256 = createHash('sha256');
  const blob = createHash('sha1').update(`blob ${bytes}\0`);
  const both: readonly Hash[] = [sha256, blob];
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }))
    for (const hash of both) hash.update(chunk as Buffer);
  return { bytes, sha256: sha256.digest('hex'), gitBlob: blob.digest('hex') };
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}
