/** Compares what a device computes with what the CPU does. */
import { KandidError } from '../errors.ts';
import type { Tensor } from '../kit/tensor.ts';
import { runOnce } from './convolution.ts';
import { createSession, type Session, type SessionOptions } from './session.ts';
import { CPU, deviceName, type SessionDevice } from './session-device.ts';

/**
 * Largest difference, as a part of the largest number: GPUs may multiply with 10 bits of mantissa (TF32), about 0.001 a
 * convolution; a library that does not fit gives numbers that have nothing in common.
 */
export const TOLERANCE = 0.02;

/** Opens a graph; replaced in tests. */
export type Open = (options: SessionOptions) => Promise<Session>;

/** @param graph path, or the graph itself @param name for messages */
export function opener(graph: string | Uint8Array, name?: string): Open {
  return (options) => createSession(graph, options, name);
}

/**
 * Runs a graph on both, one after the other.
 *
 * @returns the largest difference of any output, as a part of that output's largest number
 * @throws {KandidError} device_differs if it is above `TOLERANCE`; graph_unreadable, graph_failed
 */
export async function compareWithCpu(open: Open, device: SessionDevice): Promise<number> {
  const [, expected] = await outputsOf(open, CPU);
  const [graph, found] = await outputsOf(open, device);
  const differences = Object.entries(expected).map(([name, tensor]) => difference(tensor, found[name]));
  const largest = Math.max(0, ...differences);
  if (largest <= TOLERANCE) return largest;
  throw new KandidError('device_differs', {
    device: deviceName(device),
    graph,
    got: percent(largest),
    expected: percent(TOLERANCE),
  });
}

async function outputsOf(open: Open, device: SessionDevice): Promise<[graph: string, Record<string, Tensor>]> {
  const session = await open({ device });
  try {
    return [session.file, await runOnce(session)];
  } finally {
    await session.release();
  }
}

/** Infinite where one is missing, of other sizes, or no number. */
export function difference(expected: Tensor, found: Tensor | undefined): number {
  if (!found || found.dims.join() !== expected.dims.join()) return Number.POSITIVE_INFINITY;
  let [largest, scale] = [0, 0];
  for (const [i, value] of expected.data.entries()) {
    const apart = Math.abs(value - (found.data[i] ?? Number.NaN));
    if (Number.isNaN(apart)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, apart);
    scale = Math.max(scale, Math.abs(value));
  }
  return largest === 0 ? 0 : largest / scale;
}

/** '0.03 %'; 'infinitely much' where numbers are missing. */
export function percent(part: number): string {
  if (!Number.isFinite(part)) return 'infinitely much';
  return `${part < 1 ? (100 * part).toPrecision(2) : (100 * part).toFixed(0)} %`;
}
