/** Idempotency keys: a client that sends a request twice with the same key gets one job. */
import { createHash, type Hash } from 'node:crypto';
import { KandidError } from '../../errors.ts';

interface Known {
  readonly fingerprint: string;
  readonly job: string;
}

/** Entries live as long as their jobs. */
export class IdempotencyKeys {
  readonly #known = new Map<string, Known>();

  /** Id of the job created with this key, or null. @throws {KandidError} idempotency_conflict */
  find(client: string, key: string, fingerprint: string): string | null {
    const known = this.#known.get(nameOf(client, key));
    if (!known) return null;
    if (known.fingerprint !== fingerprint) throw new KandidError('idempotency_conflict', { key: key.slice(0, 100) });
    return known.job;
  }

  add(client: string, key: string, known: Known): void {
    this.#known.set(nameOf(client, key), known);
  }

  delete(client: string, key: string): void {
    this.#known.delete(nameOf(client, key));
  }

  get size(): number {
    return this.#known.size;
  }
}

function nameOf(client: string, key: string): string {
  return JSON.stringify([client, key]);
}

/** A digest of plain data: equal for equal values, regardless of field order. */
export function fingerprint(value: unknown): string {
  const hash = createHash('sha256');
  feed(hash, value);
  return hash.digest('base64url');
}

function feed(hash: Hash, value: unknown): void {
  if (value instanceof Uint8Array) feedBytes(hash, 'bytes', value);
  else if (value instanceof Float32Array)
    feedBytes(hash, 'floats', new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  else if (Array.isArray(value)) {
    hash.update(`[${value.length}]`);
    for (const item of value) feed(hash, item);
  } else if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    hash.update(`{${fields.length}}`);
    for (const [name, field] of fields.sort(([a], [b]) => (a < b ? -1 : 1))) {
      feedBytes(hash, 'name', Buffer.from(name));
      feed(hash, field);
    }
  } else feedBytes(hash, typeof value, Buffer.from(String(value)));
}

function feedBytes(hash: Hash, kind: string, bytes: Uint8Array): void {
  hash.update(`${kind} ${bytes.length}:`).update(bytes);
}
