/** Loads sharp on first use: a broken native library becomes one coded error, and start-up stays fast. */
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
