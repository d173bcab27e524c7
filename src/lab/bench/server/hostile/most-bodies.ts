/** Peak memory with as many bytes of bodies, unfinished and waiting, as the limits allow. */
import { connect, type Socket } from 'node:net';
import { noiseFile } from '../../steps.ts';
import { authorization, keysFor } from '../clients.ts';
import { meanwhile, pause } from '../context.ts';
import { type Figure, figure } from '../figure.ts';
import { ask } from '../http-client.ts';
import type { ServerProcess } from '../server-process.ts';
import type { HostileCase } from './case.ts';

const CLIENTS = 8;
/** Side of a waiting picture: noise, about 12 MiB as a file. */
const SIDE = 2048;
const SAMPLE_MS = 100;
const SETTLE_MS = 500;
const MiB = 2 ** 20;

export const mostBodies: HostileCase = {
  name: 'most bodies',
  settings: { ...keysFor(CLIENTS), requestsPerMinute: 0 },
  async run(context, server) {
    const limits = await server.footprint();
    const before = await server.memory();
    const uploads: Socket[] = [];
    const sample = () => server.memory();
    const { result, samples } = await meanwhile(SAMPLE_MS, sample, async () => {
      const waiting = await fillWithJobs(server, context.amounts.hostileBodies);
      for (let client = 0; client < CLIENTS; client++)
        for (let n = 0; n < context.amounts.hostileBodies; n++) uploads.push(unfinished(server, client, 30 * MiB));
      await pause(SETTLE_MS + 1000 * context.amounts.hostileSeconds);
      return waiting;
    });
    for (const socket of uploads) socket.destroy();
    await pause(SETTLE_MS);
    const after = await server.memory();
    return figuresOf({ limits, before, after, samples, ...result });
  },
};

/** Starts jobs with a large picture each until they are refused. */
async function fillWithJobs(server: ServerProcess, most: number): Promise<{ accepted: number; refused: number }> {
  const image = Buffer.from(await noiseFile(SIDE)).toString('base64');
  let accepted = 0;
  let refused = 0;
  for (let client = 0; client < CLIENTS; client++)
    for (let n = 0; n < most; n++) {
      const { status } = await ask(`${server.url}/v1/generate`, {
        body: { guides: [{ name: 'target', params: { image } }], count: 64, base64: false },
        headers: { ...authorization(client), prefer: 'respond-async' },
      });
      if (status === 202) accepted += 1;
      else refused += 1;
      if (status === 429) break;
    }
  return { accepted, refused };
}

/** An upload that is never completed. */
function unfinished(server: ServerProcess, client: number, bytes: number): Socket {
  const { hostname, port, host } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  const head = [
    ...['POST /v1/generate HTTP/1.1', `Host: ${host}`, 'Content-Type: application/json'],
    ...[`Authorization: ${authorization(client).authorization}`, `Content-Length: ${bytes + 1}`],
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const chunk = Buffer.alloc(MiB, ' ');
  let left = bytes / MiB;
  const more = () => {
    while (left > 0 && !socket.destroyed) {
      left -= 1;
      if (!socket.write(chunk)) return;
    }
  };
  socket.on('drain', more);
  more();
  return socket;
}

type Memory = Awaited<ReturnType<ServerProcess['memory']>>;

interface Measured {
  readonly limits: Awaited<ReturnType<ServerProcess['footprint']>>;
  readonly before: Memory;
  readonly after: Memory;
  readonly samples: readonly Memory[];
  readonly accepted: number;
  readonly refused: number;
}

function figuresOf({ limits, before, after, samples, accepted, refused }: Measured): Figure[] {
  const peak = (part: 'server' | 'workers') => Math.max(...samples.map((one) => one[part]), after[part]);
  const note = (part: 'server' | 'workers') => `${before[part].toFixed(0)} MiB before, ${after[part].toFixed(0)} after`;
  return [
    figure('most bodies: memory of the server, at its peak', peak('server'), {
      unit: 'MiB',
      bar: { most: Math.floor(limits.serverBytes / MiB) },
      note: `${note('server')}; ${accepted} jobs with pictures of 12 MiB accepted, ${refused} refused`,
    }),
    figure('most bodies: memory of the worker, at its peak', peak('workers'), {
      unit: 'MiB',
      bar: { most: Math.floor(limits.workerBytes / MiB) },
      note: note('workers'),
    }),
  ];
}
