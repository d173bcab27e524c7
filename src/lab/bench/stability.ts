/** Stability: memory over many descents, codes over repeated runs and batch sizes. */

import type { GenerateRequest } from '../../contract/requests.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Network } from '../../engine/network/network.ts';
import { runTogether } from '../../engine/search/run.ts';
import { KandidError } from '../../errors.ts';
import { noiseFile } from './steps.ts';
import { round } from './timing.ts';

export interface MemoryFigures {
  readonly descents: number;
  /** Resident memory, the mean over the first and over the last half. */
  readonly first_half_mb: number;
  readonly last_half_mb: number;
  readonly growth: number;
}

/** Runs descents one after the other and measures the memory of the process. */
export async function measureMemory(
  engine: Engine,
  model: string,
  descents: number,
  signal: AbortSignal,
  progress: (done: number, total: number) => void,
): Promise<MemoryFigures> {
  const { network } = await engine.models.open(model);
  const image = await noiseFile(network.finalSide);
  const resident: number[] = [];
  for (let n = 0; n < descents; n++) {
    if (signal.aborted) throw new KandidError('cancelled', { when: `after ${n} descents` });
    const request = { model, seed: n, guides: [{ name: 'target', params: { image } }] };
    await runTogether(network, [(await engine.prepare(request)).descent]);
    resident.push(process.memoryUsage.rss() / 2 ** 20);
    progress(n + 1, descents);
  }
  const half = Math.floor(descents / 2);
  const [first, last] = [meanOf(resident.slice(0, half)), meanOf(resident.slice(half))];
  return { descents, first_half_mb: round(first, 1), last_half_mb: round(last, 1), growth: round(last / first - 1, 4) };
}

export interface DeterminismFigures {
  readonly runs: number;
  readonly batches: readonly number[];
  readonly requests: number;
  readonly identical: boolean;
  /** Codes that differed from the first run's. */
  readonly different: number;
}

const RUNS = 5;
const TOGETHER = [1, 3, 8] as const;
const REQUESTS = 8;

/**
 * Repeats the same eight requests in batches of different sizes.
 *
 * @throws {KandidError} cancelled
 */
export async function measureDeterminism(
  engine: Engine,
  model: string,
  signal: AbortSignal,
  progress: (done: number, total: number) => void,
): Promise<DeterminismFigures> {
  const { network } = await engine.models.open(model);
  const image = await noiseFile(network.finalSide);
  const requests = Array.from({ length: REQUESTS }, (_, seed) => requestOf(model, seed, image));
  const rounds = Array.from({ length: RUNS }, () => TOGETHER).flat();
  let first: readonly string[] | null = null;
  let different = 0;
  for (const [done, together] of rounds.entries()) {
    const codes: string[] = [];
    for (let from = 0; from < REQUESTS; from += together) {
      if (signal.aborted) throw new KandidError('cancelled', { when: `after ${done} of ${rounds.length} rounds` });
      codes.push(...(await codesOf(engine, network, requests.slice(from, from + together))));
    }
    first ??= codes;
    different += codes.filter((code, i) => code !== first?.[i]).length;
    progress(done + 1, rounds.length);
  }
  return { runs: RUNS, batches: TOGETHER, requests: REQUESTS, identical: different === 0, different };
}

/** The codes of requests that run together. */
async function codesOf(engine: Engine, network: Network, requests: readonly GenerateRequest[]): Promise<string[]> {
  const prepared = await Promise.all(requests.map((request) => engine.prepare(request)));
  const descents = prepared.map(({ descent }) => descent);
  await runTogether(network, descents);
  return descents.flatMap((descent) => {
    if (descent.error) throw descent.error;
    const end = descent.drainEvents().at(-1);
    return end?.type === 'done' ? [end.results.map(({ codeString }) => codeString).join()] : [];
  });
}

/** Greedy, random, temperature, beams and several results: all samplers. */
function requestOf(model: string, seed: number, image: Uint8Array): GenerateRequest {
  const guides = [{ name: 'target', params: { image } }];
  const samplers = [{}, { top: 2 }, { temperature: 0.5 }, { beams: 3 }] as const;
  const sampler = samplers[seed % samplers.length] ?? {};
  return { model, seed, count: seed < 4 ? 1 : 2, sampler, guides: seed === 0 ? [] : guides };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
