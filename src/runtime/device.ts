/** Resolves `auto`, `cpu`, `cuda`, `cuda:N`, `webgpu`, `coreml` or `dml` to a device, by computing on it. */
import { KandidError, reasonOf } from '../errors.ts';
import { compareWithCpu, opener } from './comparison.ts';
import { awkwardConvolutions, convolutionGraph, runOnce } from './convolution.ts';
import { missingForCuda } from './cuda/provider.ts';
import { createSession, type SessionOptions } from './session.ts';
import { CPU, type DeviceKind, deviceName, type SessionDevice } from './session-device.ts';

export const DEVICE_PATTERN = /^(auto|cpu|cuda(:\d{1,3})?|webgpu|coreml|dml)$/;
/** What `DEVICE_PATTERN` allows, for messages. */
export const DEVICE_CHOICES = 'auto, cpu, cuda, cuda:N, webgpu, coreml or dml';

export type DeviceRequest = 'auto' | 'cpu' | 'cuda' | `cuda:${number}` | 'webgpu' | 'coreml' | 'dml';

export interface Device extends SessionDevice {
  /** 'cpu', 'cuda:N', 'webgpu', 'coreml' or 'dml'. */
  readonly name: string;
  /** Why `auto` selected the CPU; null if it did not, or was not requested. */
  readonly fallback: string | null;
}

/** Opens and runs something on a device, or throws. */
export type Probe = (device: SessionDevice) => Promise<unknown>;

/**
 * Resolves the device. `auto` selects the first CUDA device that works, or else the CPU with a reason. It never selects
 * WebGPU: that may be a program that computes on the CPU, slower than ONNX Runtime does, and a fault of its driver ends
 * the process.
 *
 * @param probe replaced in tests
 * @throws {KandidError} option_invalid, library_unavailable; cuda_unavailable, webgpu_unavailable, device_unavailable or
 * device_differs only if that device was requested
 */
export async function resolveDevice(request: string = 'auto', probe: Probe = probeRequested): Promise<Device> {
  if (!DEVICE_PATTERN.test(request))
    throw new KandidError('option_invalid', {
      option: 'device',
      got: `"${request.slice(0, 40)}"`,
      expected: DEVICE_CHOICES,
    });
  if (request === 'cpu') return named(CPU);
  const device = requestedDevice(request);
  try {
    await probe(device);
  } catch (cause) {
    if (cause instanceof KandidError && ['library_unavailable', 'device_differs'].includes(cause.code)) throw cause;
    const reason = reasonOf(cause instanceof KandidError ? (cause.details.reason ?? cause) : cause);
    if (request === 'auto') return named(CPU, reason);
    throw new KandidError(UNAVAILABLE[device.kind], { device: request, reason }, { cause });
  }
  return named(device);
}

function requestedDevice(request: string): SessionDevice {
  const [kind = '', number = '0'] = request.split(':');
  if (kind === 'auto' || kind === 'cuda') return { kind: 'cuda', cuda: Number(number) };
  return { kind: kind as DeviceKind, cuda: null };
}

const UNAVAILABLE = {
  cpu: 'device_unavailable',
  cuda: 'cuda_unavailable',
  webgpu: 'webgpu_unavailable',
  coreml: 'device_unavailable',
  dml: 'device_unavailable',
} as const;

/** Whether nothing is computed on a device before it has the same numbers as the CPU. */
export function isCompared({ kind }: SessionDevice): boolean {
  return kind !== 'cpu' && kind !== 'cuda';
}

/** Of CUDA, the files are checked first: ONNX Runtime does not report which one is missing. */
async function probeRequested(device: SessionDevice): Promise<void> {
  if (isCompared(device)) {
    await compareWithCpu(opener(awkwardConvolutions(), 'convolutions'), device);
    return;
  }
  const missing = await missingForCuda();
  if (missing !== null) throw new Error(missing);
  await probeDevice({ device });
}

/** Opens and runs a graph with a single convolution on the device: only a run proves that a provider works. */
export async function probeDevice(options: SessionOptions): Promise<void> {
  const session = await createSession(convolutionGraph(), options, 'the probe graph');
  try {
    await runOnce(session);
  } finally {
    await session.release();
  }
}

function named(device: SessionDevice, fallback: string | null = null): Device {
  return { ...device, name: deviceName(device), fallback };
}
