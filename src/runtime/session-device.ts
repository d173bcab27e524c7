/** The devices that graphs run on, and what ONNX Runtime is told about each. */

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

/** One of ONNX Runtime's execution providers, with its options. */
export type Provider =
  | 'cpu'
  | { readonly name: Exclude<DeviceKind, 'cpu'>; readonly deviceId?: number; readonly preferredLayout?: 'NCHW' };

/** The providers of a device, by preference: what the first one does not support runs on the CPU. */
export function providersOf({ kind, cuda }: SessionDevice): readonly Provider[] {
  if (kind === 'cpu') return ['cpu'];
  if (kind === 'cuda') return [{ name: kind, deviceId: cuda ?? 0 }, 'cpu'];
  // In WebGPU's own layout, NHWC, some convolutions are wrong (webgpu/README.md).
  if (kind === 'webgpu') return [{ name: kind, preferredLayout: 'NCHW' }, 'cpu'];
  return [{ name: kind }, 'cpu'];
}
