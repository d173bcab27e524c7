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

/** Base64 characters per byte of a picture. */
const BASE64 = 4 / 3;
const CLOSE_GRACE_MS = 1900;

export function addMcp(program: Command, io: Io): void {
  const command = program
    .command('mcp')
    .summary('serve tools for assistants (Model Context Protocol)')
    .description(
      'Serves the Model Context Protocol over standard input and output, for programs that start it; "kandid serve" offers the same at /mcp. Pictures may be given by path. The log goes to standard error.',
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
  // The client waits for the first response: tool calls wait for the models, the protocol does not.
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
    io.endAfter(settings.drainSeconds * 1000 + CLOSE_GRACE_MS);
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
