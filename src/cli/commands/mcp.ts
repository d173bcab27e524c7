/** `kandid mcp` */
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { modelFolders } from '../../config.ts';
import { createLog } from '../../server/log.ts';
import { LogOutput } from '../../server/log-output.ts';
import type { Extra, TransportCaller } from '../../server/mcp/server.ts';
import { createServices } from '../../server/services.ts';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { warnOfFolders } from '../options.ts';
import { addServiceOptions, type ServiceFlags, serviceSettings } from '../service-options.ts';

/** Characters of a message: pictures in base64 are a third longer. */
const BASE64 = 4 / 3;
const LAST_MS = 1900;

export function addMcp(program: Command, io: Io): void {
  const command = program
    .command('mcp')
    .summary('tools for assistants, by the Model Context Protocol')
    .description(
      'Speaks the Model Context Protocol over standard input and output, for programs that start it; "kandid serve" has the same at /mcp. Pictures may be named by their paths. The log goes to standard error.',
    );
  addServiceOptions(command).action((flags: ServiceFlags) => run(flags, io));
}

async function run(flags: ServiceFlags, io: Io): Promise<void> {
  // Not loaded for other commands.
  const [{ createMcpServer }, { StdioServerTransport }] = await Promise.all([
    import('../../server/mcp/server.ts'),
    import('@modelcontextprotocol/sdk/server/stdio.js'),
  ]);
  const settings = serviceSettings({ logLevel: 'warn', ...flags }, io);
  warnOfFolders(settings, io);
  const { input, output, log: sink } = io.pipes();
  const lines = new LogOutput(sink);
  const log = createLog({ level: settings.logLevel, destination: lines });
  const services = createServices(settings, modelFolders(settings), { log, lostLines: () => lines.dropped });
  const starting = services.pool.start();
  // Who starts it waits for the first answer: tools wait for the models, the conversation does not.
  const server = createMcpServer(services, async (extra) => {
    await starting;
    return callerOf(extra, io);
  });
  const ended = new AbortController();
  for (const event of ['end', 'close', 'error']) input.once(event, () => ended.abort());
  const stop = AbortSignal.any([io.signal, ended.signal]);
  try {
    const maxBufferSize = Math.ceil(settings.bodyBytes * BASE64);
    await server.connect(new StdioServerTransport(input, output, { maxBufferSize }));
    await starting;
    if (!stop.aborted) await once(stop, 'abort');
    io.endAfter(settings.drainSeconds * 1000 + LAST_MS);
  } finally {
    await server.close();
    await services.close();
  }
}

function callerOf({ signal }: Extra, io: Io): TransportCaller {
  return {
    client: { name: 'standard input', key: null },
    place: null,
    signal,
    releaseBody: () => {},
    readFile: (path) => readInput(path.startsWith('~/') ? join(homedir(), path.slice(2)) : path, io),
  };
}
