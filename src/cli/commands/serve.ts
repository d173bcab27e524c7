/** `kandid serve` */
import type { Command } from 'commander';
import { modelFolders } from '../../config.ts';
import { KandidError, reasonOf } from '../../errors.ts';
import { createLog } from '../../server/log.ts';
import { LogOutput } from '../../server/log-output.ts';
import { createServer, type KandidServer } from '../../server/server.ts';
import { createServices, type ServiceOptions, type Services } from '../../server/services.ts';
import { printSettings, type ServerSettings } from '../../server/settings.ts';
import type { Io } from '../io.ts';
import { checkKeys, runUntilStopped } from '../long-running.ts';
import { warnOfFolders } from '../options.ts';
import { addServiceOptions, type ServiceFlags, serviceSettings } from '../service-options.ts';

interface Flags extends ServiceFlags {
  readonly printConfig?: boolean;
}

export function addServe(program: Command, io: Io): void {
  const command = program
    .command('serve')
    .summary('serve HTTP, WebSocket and the OpenAI Images API')
    .description(
      'Serves until it is stopped. Every setting is a flag, an environment variable KANDID_…, or in the file.',
    )
    .option('--host <host>', 'address to listen on (127.0.0.1: this machine only)')
    .option('--port <n>', 'port to listen on; 0: any that is free')
    .option('--base-path <path>', 'prefix of all paths, if a proxy leaves one in place: /kandid')
    .option('--redis <url>', 'share jobs with other servers; "kandid worker" runs them');
  addServiceOptions(command)
    .option('--auth <when>', 'API keys: auto (where others can connect), on, off')
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
  const services = await servicesOf(settings, { log, lostLines: () => output.dropped });
  const server = createServer(services);
  const { url } = await listen(server, settings);
  const { drainSeconds } = settings;
  await runUntilStopped(
    {
      async start() {
        // Until then, requests are answered with "not ready".
        await services.pool.start();
        io.err(`Kandid listens on ${url}`);
      },
      close: () => server.close(),
      farewell: 'Kandid stops: it takes no more requests and lets those there are end.',
    },
    { io, log, drainSeconds },
  );
}

/** Jobs are run by processes of this server, or by workers elsewhere. */
async function servicesOf(settings: ServerSettings, options: ServiceOptions): Promise<Services> {
  const { redis } = settings;
  if (redis === undefined) return createServices(settings, modelFolders(settings), options);
  // Loaded only if needed.
  const { createGateway } = await import('../../server/cluster/gateway.ts');
  return await createGateway({ ...settings, redis }, options);
}

/** @throws {KandidError} setting_invalid, port_in_use: the host or port is not available */
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
