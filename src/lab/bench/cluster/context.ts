/** Options and figures that the measurements of a cluster share. */
import { type Figure, figure } from '../server/figure.ts';
import type { ClusterSize } from './cluster.ts';

/** Size of each measurement. */
export interface ClusterAmounts {
  /** Number of jobs while members are killed, and the minimum interval between two jobs of a client in milliseconds. */
  readonly jobs: number;
  readonly paceMs: number;
  /** Seconds of load for each number of workers. */
  readonly loadSeconds: number;
  /** Number of requests whose first preview is timed, and number of cancelled requests. */
  readonly previews: number;
  readonly cancels: number;
  /** Number of jobs over which the memory of Redis must not grow. */
  readonly memoryJobs: number;
}

export const FULL: ClusterAmounts = {
  jobs: 1000,
  paceMs: 1000,
  loadSeconds: 15,
  previews: 30,
  cancels: 10,
  memoryJobs: 10_000,
};

export const QUICK: ClusterAmounts = {
  jobs: 100,
  paceMs: 500,
  loadSeconds: 5,
  previews: 10,
  cancels: 4,
  memoryJobs: 1000,
};

export interface ClusterContext {
  readonly base: Omit<ClusterSize, 'gateways' | 'workers'>;
  readonly amounts: ClusterAmounts;
  readonly signal: AbortSignal;
}

/** Figures by path, such as `resume.missing`. */
export type ClusterFigures = Map<string, Figure>;

export interface ClusterPart {
  readonly name: string;
  readonly description: string;
  run(context: ClusterContext): Promise<ClusterFigures>;
}

export function put(
  figures: ClusterFigures,
  path: string,
  value: number,
  about: Parameters<typeof figure>[2] = {},
): void {
  figures.set(path, figure(path, value, about));
}
