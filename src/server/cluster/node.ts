/** What a worker of a cluster says of itself, for as long as it lives. */
import { createHash } from 'node:crypto';
import type { WorkerInfo } from '../../worker/messages.ts';
import type { WorkerStatus } from '../workers/worker-supervisor.ts';

/** `cpu`, or `cuda` whatever its number. */
export type DeviceClass = string;

export interface NodeReport {
  readonly id: string;
  /** Of its machine. */
  readonly host: string;
  readonly pid: number;
  readonly version: string;
  readonly deviceClass: DeviceClass;
  /** `ready` also while its processes are started again: jobs wait for them. */
  readonly state: 'ready' | 'draining' | 'failed';
  /** Results, and beams of them, that it takes at once. */
  readonly places: number;
  readonly jobs: number;
  /** Its processes. */
  readonly workers: readonly WorkerStatus[];
  /** Digest of its models and guides, which are told once for all workers that have the same. */
  readonly info: string;
}

export function classOf(device: string): DeviceClass {
  return device.split(':')[0] || 'cpu';
}

/** Of a model and the devices that run it; the hash tells models of one name apart. */
export function queueNameOf(hash: string, deviceClass: DeviceClass): string {
  return `${hash.slice(0, 16)}-${deviceClass}`;
}

/** Whether a queue is one of this model, on whatever device. */
export function isQueueOf(name: string, hash: string): boolean {
  return name.startsWith(`${hash.slice(0, 16)}-`);
}

export function digestOf(info: WorkerInfo): string {
  return createHash('sha256').update(JSON.stringify(info)).digest('hex').slice(0, 32);
}
