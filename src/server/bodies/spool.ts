/** Large bodies on disk. A file is unlinked as soon as it is open, so nothing is left however the process ends. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KandidError, reasonOf } from '../../errors.ts';

/** A file written once from start to end, then read. */
export class SpoolFile {
  readonly #file: FileHandle;
  #size = 0;
  #closed: Promise<void> | null = null;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  get size(): number {
    return this.#size;
  }

  /** @throws {KandidError} spool_failed, for example if the disk is full */
  async append(bytes: Uint8Array): Promise<void> {
    try {
      for (let done = 0; done < bytes.length; ) {
        const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#size + done);
        done += bytesWritten;
      }
    } catch (cause) {
      throw failed(cause);
    }
    this.#size += bytes.length;
  }

  /** @throws {KandidError} spool_failed */
  async read(from: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    try {
      for (let done = 0; done < length; ) {
        const { bytesRead } = await this.#file.read(bytes, done, length - done, from + done);
        if (bytesRead === 0) throw new RangeError('it is shorter than what was written');
        done += bytesRead;
      }
    } catch (cause) {
      throw failed(cause);
    }
    return bytes;
  }

  /** Frees the disk space; repeated calls have no effect. */
  async close(): Promise<void> {
    this.#closed ??= this.#file.close().catch(() => {});
    await this.#closed;
  }
}

/** @param folder @default the system's folder of temporary files @throws {KandidError} spool_failed */
export async function openSpool(folder: string = tmpdir()): Promise<SpoolFile> {
  const path = join(folder, `kandid-${randomBytes(12).toString('hex')}`);
  let file: FileHandle | null = null;
  try {
    file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return new SpoolFile(file);
  } catch (cause) {
    await file?.close().catch(() => {});
    throw failed(cause);
  }
}

function failed(cause: unknown): KandidError {
  return new KandidError('spool_failed', { reason: reasonOf(cause) }, { cause });
}
