/** Which driver, CUDA, cuDNN and provider there are. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../../errors.ts';
import type { Check } from '../check.ts';
import type { LibrarySet } from './library-set.ts';
import { installedRuntime, PROVIDER_FILES, providerSet } from './provider.ts';

/** Versions as text; null if there is none, or it is not known. */
export interface CudaVersions {
  readonly driver: string | null;
  readonly cuda: string | null;
  readonly cudnn: string | null;
  readonly provider: string | null;
}

/** First driver for each major version of CUDA. */
const FIRST_DRIVER: Readonly<Record<string, number>> = { 12: 525, 13: 580 };

/** Tells the versions; nothing if CUDA was not asked for, and there is neither driver nor provider. */
export async function* checkCuda(request: string): AsyncGenerator<Check> {
  const { providers, version } = installedRuntime();
  const hasProvider = PROVIDER_FILES.every((file) => existsSync(join(providers, file)));
  let set: LibrarySet | null = null;
  try {
    set = await providerSet();
  } catch (error) {
    yield { name: 'CUDA', ok: false, detail: reasonOf(error), remedy: null };
    return;
  }
  const versions = versionsOf({
    set,
    driver: textOf('/proc/driver/nvidia/version'),
    maps: textOf('/proc/self/maps'),
    provider: hasProvider ? version : null,
  });
  if (request === 'auto' && versions.driver === null && versions.provider === null) return;
  yield describeVersions(versions, set?.folder ?? null);
}

export interface VersionSources {
  readonly set: Pick<LibrarySet, 'packages'> | null;
  /** Text of /proc/driver/nvidia/version. */
  readonly driver: string;
  /** Text of /proc/self/maps: the files of loaded libraries, whose names end with their versions where a system installed them. */
  readonly maps: string;
  readonly provider: string | null;
}

export function versionsOf({ set, driver, maps, provider }: VersionSources): CudaVersions {
  const packages = set?.packages ?? {};
  const mapped = (library: string) => new RegExp(`/${library}\\.so\\.([\\d.]+)$`, 'm').exec(maps)?.[1] ?? null;
  return {
    driver: /Kernel Module(?: for \S+)?\s+([\d.]+)/.exec(driver)?.[1] ?? onlyFull(mapped('libcuda')),
    cuda: packages['nvidia-cuda-runtime'] ?? mapped('libcudart'),
    cudnn: packages['nvidia-cudnn-cu13'] ?? mapped('libcudnn'),
    provider: packages['onnxruntime-gpu'] ?? provider,
  };
}

/** `libcuda.so.1` tells no version. */
function onlyFull(version: string | null): string | null {
  return version === '1' ? null : version;
}

/** @param folder of the set; null if the libraries are the system's */
export function describeVersions({ driver, cuda, cudnn, provider }: CudaVersions, folder: string | null): Check {
  const parts = Object.entries({ driver, CUDA: cuda, cuDNN: cudnn, provider });
  const told = parts
    .map(([name, version]) => (version === null ? `${name} not found` : `${name} ${version}`))
    .join(', ');
  const detail = `${told}${folder === null ? '' : ` (${folder})`}`;
  const first = FIRST_DRIVER[cuda?.split('.')[0] ?? ''] ?? 0;
  const isOld = driver !== null && Number.parseInt(driver, 10) < first;
  const remedy = isOld
    ? `CUDA ${cuda} needs the NVIDIA driver ${first} or later: update the driver.`
    : provider === null
      ? 'Run "npm run setup:cuda".'
      : driver === null
        ? 'Install the NVIDIA driver; in a container, give it the GPU ("docker run --gpus all").'
        : null;
  return { name: 'CUDA', ok: !isOld, detail, remedy };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
