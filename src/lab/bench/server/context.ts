/** Options and helpers that the measurements of the server share. */
import type { GenerateBody } from '../../../contract/stream.ts';
import { noiseFile } from '../steps.ts';
import type { Figure } from './figure.ts';
import { type ServerOptions, ServerProcess } from './server-process.ts';

/** Size of each measurement. */
export interface Amounts {
  /** Requests of the preview measurement. */
  readonly previews: number;
  /** Concurrent sockets, and rounds. */
  readonly sockets: number;
  readonly rounds: number;
  /** Sequential requests. */
  readonly alone: number;
  /** Seconds per point of the batch curve, and its points. */
  readonly curveSeconds: number;
  readonly curve: readonly number[];
  readonly cancels: number;
  /** Results of a cancelled request, so that a level takes measurably long. */
  readonly cancelCount: number;
  readonly readers: number;
  readonly windows: number;
  readonly windowSeconds: number;
  readonly overloadSeconds: number;
  readonly capacitySeconds: number;
  /** Clients of the overload measurement. */
  readonly clients: number;
  readonly workerKills: number;
  /** Requests that wait or run while workers are killed. */
  readonly killSockets: number;
  /** Largest duration, in seconds. */
  readonly killSeconds: number;
  readonly permalinkSeconds: number;
  readonly mixedLoad: number;
  /** Seconds of load beside each of the heaviest requests, and beside the largest bodies. */
  readonly hostileSeconds: number;
  /** Limit per client of jobs with a large picture, and of unfinished uploads. */
  readonly hostileBodies: number;
  /** Number of mutations of each kind. */
  readonly hostileMutations: number;
}

export const FULL: Amounts = {
  previews: 30,
  sockets: 64,
  rounds: 3,
  alone: 24,
  curveSeconds: 2,
  curve: [1, 2, 4, 8, 16, 32],
  cancels: 10,
  cancelCount: 64,
  readers: 16,
  windows: 3,
  windowSeconds: 10,
  overloadSeconds: 60,
  capacitySeconds: 12,
  clients: 16,
  workerKills: 50,
  killSockets: 16,
  killSeconds: 280,
  permalinkSeconds: 6,
  mixedLoad: 10_000,
  hostileSeconds: 15,
  hostileBodies: 16,
  hostileMutations: 10_000,
};

export const QUICK: Amounts = {
  ...FULL,
  previews: 10,
  rounds: 1,
  alone: 8,
  curveSeconds: 0.5,
  cancels: 4,
  windows: 1,
  windowSeconds: 4,
  overloadSeconds: 15,
  capacitySeconds: 3,
  workerKills: 5,
  permalinkSeconds: 2,
  mixedLoad: 1000,
  hostileSeconds: 5,
  hostileMutations: 1000,
};

export interface BenchContext {
  readonly server: ServerOptions;
  readonly amounts: Amounts;
  readonly signal: AbortSignal;
}

/** One of the measurements. */
export interface Part {
  readonly name: string;
  readonly description: string;
  run(context: BenchContext): Promise<Figure[]>;
}

/** Requests of equal cost: descents to a noise picture, each with its own seed. */
export async function requestMaker(): Promise<(more?: Partial<GenerateBody>) => GenerateBody> {
  const image = Buffer.from(await noiseFile(8)).toString('base64');
  let seed = 0;
  return (more) => ({ guides: [{ name: 'target', params: { image } }], seed: seed++, ...more });
}

/** Runs `work` with a server, which is stopped in any case. */
export async function withServer<T>(
  { server }: Pick<BenchContext, 'server'>,
  settings: Readonly<Record<string, string | number>>,
  work: (running: ServerProcess) => Promise<T>,
): Promise<T> {
  const running = await ServerProcess.start({ ...server, settings: { ...server.settings, ...settings } });
  try {
    return await work(running);
  } finally {
    await running.stop();
  }
}

/** Repeats an action during `work`, and collects the results. */
export async function meanwhile<T, Sample>(
  everyMs: number,
  sample: () => Promise<Sample>,
  work: () => Promise<T>,
): Promise<{ result: T; samples: Sample[] }> {
  const samples: Sample[] = [];
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      const started = performance.now();
      samples.push(await sample());
      const left = everyMs - (performance.now() - started);
      if (left > 0 && !isOver) await pause(left);
    }
  })();
  try {
    return { result: await work(), samples };
  } finally {
    isOver = true;
    await sampling;
  }
}

/** Runs an action with the given concurrency, repeated while `goesOn` returns true. */
export async function loadWith(
  count: number,
  goesOn: () => boolean,
  work: (one: number) => Promise<void>,
): Promise<void> {
  const all = Array.from({ length: count }, async (_, one) => {
    while (goesOn()) await work(one);
  });
  await Promise.all(all);
}

/** True for the given seconds, or until aborted. */
export function until(seconds: number, signal: AbortSignal): () => boolean {
  const end = performance.now() + 1000 * seconds;
  return () => performance.now() < end && !signal.aborted;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
