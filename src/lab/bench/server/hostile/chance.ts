/** Random choices of the mutations, reproducible by seed on every machine. */
import type { Random } from '../../../../kit/random.ts';

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.integer(list.length)] as T;
}

/** Changes, removes, duplicates or truncates some of the bytes. */
export function damaged(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  const at = random.integer(bytes.length);
  const length = 1 + random.integer(Math.min(16, bytes.length - at));
  const kind = random.integer(4);
  if (kind === 0) return bytes.subarray(0, at);
  if (kind === 1) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
  if (kind === 2) return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
  const copy = Buffer.from(bytes);
  for (let i = at; i < at + length; i++) copy[i] = random.integer(256);
  return copy;
}
