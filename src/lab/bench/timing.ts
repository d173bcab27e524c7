/** Repeated measurements. */

/** Milliseconds of several runs. */
export interface Timing {
  readonly median_ms: number;
  readonly min_ms: number;
  readonly runs: number;
}

const MIN_RUNS = 3;
const MAX_RUNS = 50;

/** Runs `work` once to warm up, then repeatedly for about `seconds`, 3 to 50 times. */
export async function timed(work: () => Promise<unknown>, seconds: number): Promise<Timing> {
  await work();
  const runs: number[] = [];
  const end = performance.now() + 1000 * seconds;
  while (runs.length < MIN_RUNS || (performance.now() < end && runs.length < MAX_RUNS)) {
    const started = performance.now();
    await work();
    runs.push(performance.now() - started);
  }
  return timingOf(runs);
}

export function timingOf(runs: readonly number[]): Timing {
  return { median_ms: round(median(runs)), min_ms: round(Math.min(...runs)), runs: runs.length };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - (1 - (sorted.length % 2))] ?? 0, sorted[middle] ?? 0];
  return (low + high) / 2;
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
