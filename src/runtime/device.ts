/** Resolves `auto`, `cpu`, `cuda` or `cuda:N` to a device, by opening a graph on it. */
import { KandidError, reasonOf } from '../errors.ts';
import { convolutionGraph, runOnce } from './convolution.ts';
import { missingForCuda } from './cuda/provider.ts';
import { createSession, type SessionOptions } from './session.ts';

export const DEVICE_PATTERN = /^(auto|cpu|cuda(:\d{1,3})?)$/;

export type DeviceRequest = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;

export interface Device {
  readonly kind: 'cpu' | 'cuda';
  /** Number of the CUDA device; null on the CPU. */
  readonly cuda: number | null;
  /** 'cpu' or 'cuda:N'. */
  readonly name: string;
  /** Why `auto` selected the CPU; null if it did not, or was not requested. */
  readonly fallback: string | null;
}

/** Opens and runs something on a CUDA device, or throws. */
export type Probe = (options: SessionOptions) => Promise<void>;

/**
 * Resolves the device. `auto` selects the first CUDA device that works, or else the CPU with a reason.
 *
 * @param probe replaced in tests
 * @throws {KandidError} option_invalid, cuda_unavailable (only if CUDA was requested), library_unavailable
 */
export async function resolveDevice(request: string = 'auto', probe: Probe = probeCuda): Promise<Device> {
  if (!DEVICE_PATTERN.test(request))
    throw new KandidError('option_invalid', {
      option: 'device',
      got: `"${request.slice(0, 40)}"`,
      expected: 'auto, cpu, cuda or cuda:N',
    });
  if (request === 'cpu') return cpu(null);
  const cuda = Number(request.split(':')[1] ?? 0);
  try {
    await probe({ cuda });
  } catch (cause) {
    if (cause instanceof KandidError && cause.code === 'library_unavailable') throw cause;
    const reason = reasonOf(cause instanceof KandidError ? (cause.details.reason ?? cause) : cause);
    if (request === 'auto') return cpu(reason);
    throw new KandidError('cuda_unavailable', { device: request, reason }, { cause });
  }
  return { kind: 'cuda', cuda, name: `cuda:${cuda}`, fallback: null };
}

/** Checks the files first: ONNX Runtime does not report which one is missing. */
async function probeCuda(options: SessionOptions): Promise<void> {
  const missing = await missingForCuda();
  if (missing !== null) throw new Error(missing);
  await probeDevice(options);
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

function cpu(fallback: string | null): Device {
  return { kind: 'cpu', cuda: null, name: 'cpu', fallback };
}
