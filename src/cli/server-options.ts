/** Options that the commands share which run as a server does: until they are stopped. */
import { once } from 'node:events';
import type { Command } from 'commander';
import { KandidError, toKandidError } from '../errors.ts';
import { needsKeys } from '../server/http/hosts.ts';
import type { Logger } from '../server/log.ts';
import { loadServerSettings, type ServerFlags, type ServerSettings } from '../server/settings.ts';
import type { Io } from './io.ts';
import { several, wrongValue } from './values.ts';

export interface CommonFlags extends Omit<ServerFlags, 'allowedHosts' | 'guideTimeout' | 'defaultModel'> {
  readonly model?: string;
  readonly allowHost?: string[];
  readonly set?: Record<string, string>;
  readonly printConfig?: boolean;
}

/** Beyond the time for jobs to end by themselves. */
const LAST_MS = 1900;

export function addCommonOptions(command: Command): Command {
  return command
    .option('--config <file>', 'settings as JSON')
    .option('-m, --model <name>', 'model of requests that name none')
    .option('--models <dir>', 'folder of models, searched first (repeatable)', several)
    .option('--guides <dir>', 'folder of your own guides (repeatable)', several)
    .option('--device <device>', 'auto, cpu, cuda or cuda:N')
    .option('--devices <device>', 'one worker process on each (repeatable)', several)
    .option('--threads <n>', 'threads of one run on the CPU')
    .option('--allow-host <host>', 'host that guides may call (repeatable)', several)
    .option('--auth <when>', 'API keys: auto (where others can connect), on, off')
    .option('--log-level <level>', 'trace, debug, info, warn, error, fatal or silent')
    .option('--set <name=value>', 'any other setting (repeatable)', setting)
    .option('--print-config', 'print all settings as JSON, secrets hidden, and stop');
}

export function serverSettingsOf(flags: CommonFlags, io: Io): ServerSettings {
  const { model, allowHost, set = {}, printConfig: _, ...rest } = flags;
  return loadServerSettings({ ...set, ...rest, defaultModel: model, allowedHosts: allowHost }, io.environment);
}

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
  /** Takes nothing new, and lets what there is end. */
  close(): Promise<void>;
  /** Said when it stops. */
  readonly farewell: string;
}

/**
 * Runs until it is told to stop, or an error is thrown that nobody catches: then accepted work is finished and new work refused, as the
 * process may be in an invalid state.
 *
 * @throws {KandidError} that error; what starting throws
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
    io.endAfter(drainSeconds * 1000 + LAST_MS);
    io.err(farewell);
  } finally {
    await close();
  }
  if (crash.signal.aborted) throw crash.signal.reason;
}

function setting(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw wrongValue('--set', text, 'name=value');
  return { ...before, [name]: value };
}
