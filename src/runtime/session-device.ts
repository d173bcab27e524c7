/** The devices that graphs run on. */

export type DeviceKind = 'cpu' | 'cuda' | 'webgpu' | 'coreml' | 'dml';

/** Where a graph runs. */
export interface SessionDevice {
  readonly kind: DeviceKind;
  /** Number of the CUDA device; null on others. */
  readonly cuda: number | null;
}

export const CPU: SessionDevice = { kind: 'cpu', cuda: null };

/** 'cpu', 'cuda:N', 'webgpu', 'coreml' or 'dml'. */
export function deviceName({ kind, cuda }: SessionDevice): string {
  return cuda === null ? kind : `${kind}:${cuda}`;
}
