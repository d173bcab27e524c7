/** Options that the measurements of a cluster share, and their figures. */
import { type Figure, figure } from '../server/figure.ts';
import type { ClusterSize } from './cluster.ts';

/** Size of each measurement. */
export interface ClusterAmounts {
  /** Jobs while members are killed, and the least milliseconds between two of one client. */
  readonly jobs: number;
  readonly paceMs: number;
  /** Seconds of load for each number of workers. */
  readonly loadSeconds: number;
  /** Requests whose first preview is timed, and that are cancelled. */
  readonly previews: number;
  readonly cancels: number;
  /** Jobs after which the memory of Redis should be what it was. */
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

/** By path: `resume.missing`. */
export type ClusterFigures = Map<string, Figure>;

export interface ClusterPart {
  readonly name: string;
  readonly what: string;
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
