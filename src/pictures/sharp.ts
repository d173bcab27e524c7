/** Loads sharp on first use: a broken native library results in one coded error, and start-up stays fast. */
import { availableParallelism } from 'node:os';
import { KandidError, reasonOf } from '../errors.ts';

export type SharpFactory = typeof import('sharp')['default'];

let loading: Promise<SharpFactory> | undefined;

/** @throws {KandidError} library_unavailable */
export function loadSharp(): Promise<SharpFactory> {
  loading ??= import('sharp').then(
    (module) => module.default,
    (cause: unknown) => {
      throw new KandidError('library_unavailable', { library: 'sharp', reason: reasonOf(cause) }, { cause });
    },
  );
  return loading;
}

/**
 * Leaves one core free while a picture is encoded: a large AVIF uses all cores for seconds, and cannot be interrupted.
 *
 * @throws {KandidError} library_unavailable
 */
export async function leaveOneCore(): Promise<void> {
  (await loadSharp()).concurrency(Math.max(1, availableParallelism() - 1));
}
