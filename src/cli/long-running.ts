/** Runs commands that serve until they are stopped. */
import { once } from 'node:events';
import { KandidError, toKandidError } from '../errors.ts';
import { needsKeys } from '../server/http/hosts.ts';
import type { Logger } from '../server/log.ts';
import type { ServerSettings } from '../server/settings.ts';
import type { Io } from './io.ts';

/** Time to exit after the drain period. */
const CLOSE_GRACE_MS = 1900;

/** @throws {KandidError} setting_invalid if other machines could connect and no key is configured */
export function checkKeys(settings: ServerSettings): void {
  const { auth, apiKeys, host } = settings;
  if (!needsKeys(settings) || apiKeys.length > 0) return;
  throw new KandidError('setting_invalid', {
    name: 'apiKeys',
    got: 'empty',
    expected: `at least one key, because ${auth === 'on' ? 'auth is on' : `others can connect to ${host}`}; or set auth to off`,
  });
}

export interface LongRunning {
  /** Resolves when it is ready. */
  start(): Promise<void>;
  /** Accepts nothing new, and lets accepted work end. */
  close(): Promise<void>;
  /** Message printed when it stops. */
  readonly farewell: string;
}

/**
 * Runs until it is stopped, or an error is uncaught: then accepted work is finished and new work refused, because the
 * process may be in an invalid state.
 *
 * @throws {KandidError} the uncaught error; the errors of starting
 */
export async function runUntilStopped(
  { start, close, farewell }: LongRunning,
  { io, log, drainSeconds }: { readonly io: Io; readonly log: Logger; readonly drainSeconds: number },
): Promise<void> {
  const crash = new AbortController();
  io.onCrash((thrown) => {
    log.fatal({ err: thrown }, 'uncaught error: the accepted work is finished, then the process exits');
    crash.abort(toKandidError(thrown));
  });
  const stop = AbortSignal.any([io.signal, crash.signal]);
  try {
    await start();
    if (!stop.aborted) await once(stop, 'abort');
    // Exits even if something keeps the process alive, such as a log pipe without a reader.
    io.endAfter(drainSeconds * 1000 + CLOSE_GRACE_MS);
    io.err(farewell);
  } finally {
    await close();
  }
  if (crash.signal.aborted) throw crash.signal.reason;
}
