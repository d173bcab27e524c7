/** The report that a worker of a cluster publishes while it is alive. */
import { createHash } from 'node:crypto';
import type { WorkerInfo } from '../../worker/messages.ts';
import type { WorkerStatus } from '../workers/worker-supervisor.ts';

/** `cpu`, `webgpu`, …, or `cuda` for any device number. */
export type DeviceClass = string;

export interface NodeReport {
  readonly id: string;
  /** Host name of its machine. */
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly deviceClass: DeviceClass;
  /** Stays `ready` while its processes restart: jobs wait for them. */
  readonly state: 'ready' | 'draining' | 'failed';
  /** Capacity: results times their beams, at once. */
  readonly places: number;
  readonly jobs: number;
  /** Status of its processes. */
  readonly workers: readonly WorkerStatus[];
  /** Digest of its models and guides, which are stored once for all workers that share them. */
  readonly info: string;
}

export function classOf(device: string): DeviceClass {
  return device.split(':')[0] || 'cpu';
}

/** The queue of a model on a device class; the hash distinguishes models of the same name. */
export function queueNameOf(hash: string, deviceClass: DeviceClass): string {
  return `${hash.slice(0, 16)}-${deviceClass}`;
}

/** Whether a queue belongs to this model, on any device class. */
export function isQueueOf(name: string, hash: string): boolean {
  return name.startsWith(`${hash.slice(0, 16)}-`);
}

export function digestOf(info: WorkerInfo): string {
  return createHash('sha256').update(JSON.stringify(info)).digest('hex').slice(0, 32);
}
