/** Reads files out of a wheel, which is a zip archive, without holding more than a part of them in memory. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

/** A file in an archive. */
export interface Member {
  /** 0: stored, 8: deflated. */
  readonly method: number;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where its local header begins. */
  readonly offset: number;
}

/** The end record and the longest comment after it. */
const END_BYTES = 22;
const MOST_COMMENT = 0xffff;
const END_MARK = 0x06054b50;
const ENTRY_MARK = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_MARK = 0x04034b50;
const LOCAL_BYTES = 30;
/** Sizes from here on are written elsewhere (zip64). */
const TOO_LARGE = 0xffffffff;
const MOST_DIRECTORY = 64 * 2 ** 20;

/** The files of an archive by path. @throws {Error} if it is no zip archive, or of 4 GB and more */
export async function membersOf(path: string): Promise<Map<string, Member>> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = await bytesAt(
      file,
      Math.max(0, size - END_BYTES - MOST_COMMENT),
      Math.min(size, END_BYTES + MOST_COMMENT),
    );
    const end = lastEnd(tail);
    if (end < 0) throw new Error('it is no zip archive');
    const [length, offset] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
    if (offset === TOO_LARGE || length > MOST_DIRECTORY || offset + length > size)
      throw new Error('its directory is not where it should be');
    return parseDirectory(await bytesAt(file, offset, length));
  } finally {
    await file.close();
  }
}

function lastEnd(tail: Buffer): number {
  for (let at = tail.length - END_BYTES; at >= 0; at--) if (tail.readUInt32LE(at) === END_MARK) return at;
  return -1;
}

function parseDirectory(directory: Buffer): Map<string, Member> {
  const members = new Map<string, Member>();
  let at = 0;
  while (at + ENTRY_BYTES <= directory.length && directory.readUInt32LE(at) === ENTRY_MARK) {
    const [name, extra, comment] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    const path = directory.toString('utf8', at + ENTRY_BYTES, at + ENTRY_BYTES + name);
    members.set(path, {
      method: directory.readUInt16LE(at + 10),
      packedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    });
    at += ENTRY_BYTES + name + extra + comment;
  }
  return members;
}

/**
 * Writes one file of an archive to `target`, which must not exist.
 *
 * @throws {Error} if the archive is damaged; what writing fails with
 */
export async function extract(
  path: string,
  { method, packedBytes, bytes, offset }: Member,
  target: string,
  signal?: AbortSignal,
): Promise<{ readonly bytes: number; readonly sha256: string }> {
  if (method !== 0 && method !== 8) throw new Error(`it is packed by method ${method}, expected 0 or 8`);
  if ([packedBytes, bytes, offset].includes(TOO_LARGE)) throw new Error('it is of 4 GB or more');
  const start = await dataStart(path, offset);
  const hash = createHash('sha256');
  let written = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      written += chunk.length;
      hash.update(chunk);
      done(written > bytes ? new Error('it is longer than it says') : null, chunk);
    },
  });
  const packed = createReadStream(path, { start, end: start + packedBytes - 1, highWaterMark: 2 ** 20 });
  const unpacked = method === 8 ? createInflateRaw({ chunkSize: 2 ** 18 }) : new PassThrough();
  await pipeline(packed, unpacked, counted, createWriteStream(target, { flags: 'wx' }), signal ? { signal } : {});
  if (written !== bytes) throw new Error(`it has ${written} bytes, expected ${bytes}`);
  return { bytes, sha256: hash.digest('hex') };
}

/** The names of the local header may be longer than those of the directory. */
async function dataStart(path: string, offset: number): Promise<number> {
  const file = await open(path);
  try {
    const header = await bytesAt(file, offset, LOCAL_BYTES);
    if (header.length < LOCAL_BYTES || header.readUInt32LE(0) !== LOCAL_MARK)
      throw new Error('a file is not where it should be');
    return offset + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await file.close();
  }
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
