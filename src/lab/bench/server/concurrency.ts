/** Concurrent requests: fairness, batching speed, responsiveness. */
import { Engine } from '../../../engine/engine.ts';
import { runTogether } from '../../../engine/search/run.ts';
import { median } from '../timing.ts';
import { type BenchContext, meanwhile, type Part, requestMaker, withServer } from './context.ts';
import { type Figure, figure, mean, percentile } from './figure.ts';
import { ask } from './http-client.ts';
import type { ServerProcess } from './server-process.ts';
import { StreamClient } from './stream-client.ts';

const PROBE_MS = 25;
const WARM_UP = 3;

export const concurrency: Part = {
  name: 'together',
  description: 'sockets at once: fairness, pictures a second, responsiveness; the batch curve of ONNX Runtime',
  async run(context) {
    const { rounds, ...figures } = await withServer(context, {}, (server) => measure(context, server));
    const curve = await batchCurve(context);
    return [
      figure('sockets at once: slowest ÷ fastest finish', Math.max(...rounds.map((round) => round.ratio)), {
        bar: { most: 1.5 },
        note: `${context.amounts.sockets} sockets, worst of ${rounds.length} rounds`,
      }),
      ...throughput(context, { rounds, ...figures }, curve),
      figure('event-loop delay p99 under that load', figures.delayMs, {
        unit: 'ms',
        bar: { most: 50 },
        note: 'as Node.js measures it, its own interval of 10 ms included',
      }),
      figure('/healthz p99 under that load', percentile(figures.healthMs, 0.99), {
        unit: 'ms',
        bar: { most: 100 },
        note: `of ${figures.healthMs.length}`,
      }),
    ];
  },
};

interface Round {
  readonly ratio: number;
  /** Pictures per second. */
  readonly rate: number;
}

interface Measured {
  readonly aloneRate: number;
  readonly rounds: readonly Round[];
  readonly delayMs: number;
  readonly healthMs: readonly number[];
}

async function measure({ amounts, signal }: BenchContext, server: ServerProcess): Promise<Measured> {
  const request = await requestMaker();
  const clients = await Promise.all(Array.from({ length: amounts.sockets }, () => StreamClient.open(server.url)));
  const [first] = clients as [StreamClient];
  for (let n = 0; n < WARM_UP; n++) await first.generate(request());
  const started = performance.now();
  for (let n = 0; n < amounts.alone; n++) await first.generate(request());
  const aloneRate = (1000 * amounts.alone) / (performance.now() - started);
  const burst = async (): Promise<Round> => {
    const ended = await Promise.all(clients.map((client) => client.generate(request())));
    const ms = ended.map((one) => (one.type === 'done' ? one.ms : Number.POSITIVE_INFINITY));
    return { ratio: Math.max(...ms) / Math.min(...ms), rate: (1000 * ms.length) / Math.max(...ms) };
  };
  await burst();
  // Reading the metrics resets the histogram.
  await server.figures();
  const probe = async () => (await ask(`${server.url}/healthz`)).ms;
  const { result: rounds, samples } = await meanwhile(PROBE_MS, probe, async () => {
    const all: Round[] = [];
    for (let n = 0; n < amounts.rounds && !signal.aborted; n++) all.push(await burst());
    return all;
  });
  const delayMs = 1000 * ((await server.figures()).get('nodejs_eventloop_lag_p99_seconds') ?? Number.NaN);
  await Promise.all(clients.map((client) => client.close()));
  return { aloneRate, rounds, delayMs, healthMs: samples };
}

function throughput(
  { amounts }: BenchContext,
  { aloneRate, rounds }: Pick<Measured, 'aloneRate' | 'rounds'>,
  curve: readonly (readonly [batch: number, ms: number])[],
): Figure[] {
  const rate = mean(rounds.map((round) => round.rate));
  const [alone] = curve;
  const best = Math.min(...curve.map(([, ms]) => ms));
  return [
    figure('pictures a second, one by one', aloneRate, { unit: '/s' }),
    figure(`pictures a second, ${amounts.sockets} waiting`, rate, { unit: '/s' }),
    figure('pictures a second: waiting ÷ one by one', rate / aloneRate, {
      bar: { least: 2 },
      note: alone
        ? `the network alone gains ${(alone[1] / best).toFixed(2)} at its best batch: see the curve`
        : 'no curve was measured',
    }),
    ...curve.map(([batch, ms]) => figure(`network alone, batch ${batch}`, ms, { unit: 'ms a picture' })),
  ];
}

/** Milliseconds per picture inside ONNX Runtime by batch size, in this process while no server runs. */
async function batchCurve({ amounts, server }: BenchContext): Promise<[batch: number, ms: number][]> {
  const engine = await Engine.open({ models: server.models, device: server.device, threads: server.threads });
  try {
    const { network } = await engine.models.open(server.model);
    const run = async (batch: number): Promise<number> => {
      const prepared = Array.from({ length: batch }, (_, seed) => engine.prepare({ model: server.model, seed }));
      const descents = (await Promise.all(prepared)).map(({ descent }) => descent);
      await runTogether(network, descents);
      const events = descents.map((one) => one.drainEvents().filter((event) => event.type === 'level'));
      // A shared run is reported by every descent that shared it; a level may take several runs.
      const levels = network.candidateCounts.map(
        (_, level) => new Set(events.map((one) => one[level]?.timings.network ?? 0)),
      );
      return levels.reduce((sum, runs) => sum + [...runs].reduce((all, ms) => all + ms, 0), 0) / batch;
    };
    const curve: [number, number][] = [];
    for (const batch of amounts.curve) {
      await run(batch);
      const times: number[] = [];
      const end = performance.now() + 1000 * amounts.curveSeconds;
      while (times.length < 3 || performance.now() < end) times.push(await run(batch));
      curve.push([batch, median(times)]);
    }
    return curve;
  } finally {
    await engine.close();
  }
}
