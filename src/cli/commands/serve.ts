/** `kandid serve` */
import { once } from 'node:events';
import type { Command } from 'commander';
import { modelFolders } from '../../config.ts';
import { KandidError, reasonOf, toKandidError } from '../../errors.ts';
import { needsKeys } from '../../server/http/hosts.ts';
import { createLog } from '../../server/log.ts';
import { LogOutput } from '../../server/log-output.ts';
import { createServer, type KandidServer } from '../../server/server.ts';
import { createServices } from '../../server/services.ts';
import { printSettings, type ServerSettings } from '../../server/settings.ts';
import type { Io } from '../io.ts';
import { warnOfFolders } from '../options.ts';
import { addServiceOptions, type ServiceFlags, serviceSettings } from '../service-options.ts';

interface Flags extends ServiceFlags {
  readonly printConfig?: boolean;
}

/** Beyond the time for jobs to end by themselves. */
const LAST_MS = 1900;

export function addServe(program: Command, io: Io): void {
  const command = program
    .command('serve')
    .summary('HTTP, WebSocket and the OpenAI Images contract')
    .description('Serves until it is stopped. Every setting is a flag here, a variable KANDID_…, or in the file.')
    .option('--host <host>', 'address to listen on (127.0.0.1: this machine only)')
    .option('--base-path <path>', 'prefix of all paths, where a proxy keeps one: /kandid')
    .option('--port <n>', 'port to listen on; 0: any that is free')
    .option('--auth <when>', 'API keys: auto (where others can connect), on, off');
  addServiceOptions(command)
    .option('--print-config', 'print all settings as JSON, secrets hidden, and stop')
    .action((flags: Flags) => run(flags, io));
}

async function run({ printConfig, ...flags }: Flags, io: Io): Promise<void> {
  const settings = serviceSettings(flags, io);
  if (printConfig) {
    io.out(printSettings(settings));
    return;
  }
  checkKeys(settings);
  warnOfFolders(settings, io);
  const output = new LogOutput(io.log());
  const log = createLog({ level: settings.logLevel, destination: output });
  const services = createServices(settings, modelFolders(settings), { log, lostLines: () => output.dropped });
  const server = createServer(services);
  const { url } = await listen(server, settings);
  const crash = new AbortController();
  // Accepted jobs are finished; new ones are refused, as the process may be in an invalid state.
  io.onCrash((thrown) => {
    log.fatal({ err: thrown }, 'uncaught error: the server finishes its jobs and exits');
    crash.abort(toKandidError(thrown));
  });
  const stop = AbortSignal.any([io.signal, crash.signal]);
  try {
    // Requests in the meantime are answered with "not ready".
    await services.pool.start();
    io.err(`Kandid listens on ${url}`);
    if (!stop.aborted) await once(stop, 'abort');
    // Exits even if something keeps the process alive, such as a log pipe without a reader.
    io.endAfter(settings.drainSeconds * 1000 + LAST_MS);
    io.err('Kandid stops: it takes no more requests and lets those there are end.');
  } finally {
    await server.close();
  }
  if (crash.signal.aborted) throw crash.signal.reason;
}

/** @throws {KandidError} setting_invalid if other machines could connect and no key is configured */
function checkKeys(settings: ServerSettings): void {
  const { auth, apiKeys, host } = settings;
  if (!needsKeys(settings) || apiKeys.length > 0) return;
  throw new KandidError('setting_invalid', {
    name: 'apiKeys',
    got: 'empty',
    expected: `at least one key, because ${auth === 'on' ? 'auth is on' : `others can connect to ${host}`}; or set auth to off`,
  });
}

/** @throws {KandidError} setting_invalid: the port or the host cannot be had */
async function listen(server: KandidServer, { host, port }: ServerSettings) {
  try {
    return await server.listen();
  } catch (cause) {
    if (isInUse(cause)) throw new KandidError('port_in_use', { port, next: (port % 65_535) + 1 }, { cause });
    const expected = `a host and port that can be listened on (${reasonOf(cause)})`;
    throw new KandidError('setting_invalid', { name: 'port', got: `${port} on ${host}`, expected }, { cause });
  }
}

function isInUse(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
}
