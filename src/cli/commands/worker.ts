/** `kandid worker` */
import type { Command } from 'commander';
import { modelFolders } from '../../config.ts';
import { KandidError } from '../../errors.ts';
import { createLog } from '../../server/log.ts';
import { LogOutput } from '../../server/log-output.ts';
import { printSettings } from '../../server/settings.ts';
import type { Io } from '../io.ts';
import { checkKeys, runUntilStopped } from '../long-running.ts';
import { warnOfFolders } from '../options.ts';
import { addServiceOptions, type ServiceFlags, serviceSettings } from '../service-options.ts';

interface Flags extends ServiceFlags {
  readonly printConfig?: boolean;
}

export function addWorker(program: Command, io: Io): void {
  const command = program
    .command('worker')
    .summary('run jobs that servers share through Redis')
    .description('Runs jobs of "kandid serve --redis" until it is stopped. Settings are those of serve.')
    .option('--redis <url>', 'Redis that holds the jobs: redis://USER:PASSWORD@HOST:PORT, or rediss://')
    .option('--port <n>', 'port of /metrics, /healthz and /readyz (default: none)')
    .option('--host <host>', 'address of that port (127.0.0.1: this machine only)');
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
  const { redis, drainSeconds, logLevel } = settings;
  if (redis === undefined) {
    const expected = 'an address of Redis, as --redis redis://HOST:PORT or KANDID_REDIS';
    throw new KandidError('setting_invalid', { name: 'redis', got: 'missing', expected });
  }
  const hasPort = flags.port !== undefined || Boolean(io.environment.KANDID_PORT);
  if (hasPort) checkKeys(settings);
  warnOfFolders(settings, io);
  const output = new LogOutput(io.log());
  const log = createLog({ level: logLevel, destination: output });
  const options = { log, lostLines: () => output.dropped };
  // Loaded only if needed.
  const [{ createWorkerNode }, { createHealthServer }] = await Promise.all([
    import('../../server/cluster/agent/worker-node.ts'),
    import('../../server/cluster/agent/health-server.ts'),
  ]);
  const node = await createWorkerNode({ ...settings, redis }, modelFolders(settings), options);
  const health = hasPort ? await createHealthServer(node, settings) : null;
  await runUntilStopped(
    {
      async start() {
        await node.start();
        const where = health ? `; figures at ${health.url}/metrics` : '';
        io.err(`Kandid worker on ${node.pool.info?.device} takes jobs from ${node.link.address}${where}`);
      },
      async close() {
        await node.close();
        await health?.close();
      },
      farewell: 'Kandid worker stops: it takes no more jobs and lets those that run end.',
    },
    { io, log, drainSeconds },
  );
}
