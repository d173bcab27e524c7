/** ONNX Runtime's CUDA provider: where it lies, and whether the loader finds what it needs. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { KandidError, reasonOf } from '../../errors.ts';
import { type LibrarySet, readSet, realFolder } from './library-set.ts';

/** ONNX Runtime's npm package does not include these; `npm run setup:cuda` puts them there. */
export const PROVIDER_FILES = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'] as const;
const CUDA_PROVIDER = PROVIDER_FILES[1];

/** The installed onnxruntime-node. */
export interface InstalledRuntime {
  readonly folder: string;
  readonly version: string;
  /** Where it looks for providers. */
  readonly providers: string;
}

export function installedRuntime(): InstalledRuntime {
  const find = createRequire(import.meta.url);
  const folder = dirname(dirname(find.resolve('onnxruntime-node')));
  const { version } = find(join(folder, 'package.json')) as { version: string };
  return { folder, version, providers: join(folder, 'bin', 'napi-v6', process.platform, process.arch) };
}

/** Why ONNX Runtime has no CUDA here; null on Linux on x64. */
export function unfitPlatform(platform: string = process.platform, arch: string = process.arch): string | null {
  return platform === 'linux' && arch === 'x64' ? null : `${platform} on ${arch}`;
}

/** The library of the NVIDIA driver, which nothing but the driver's installation brings. */
const DRIVER = 'libcuda.so.1';

/**
 * A message on what is missing for CUDA, as far as files show; null if nothing is. cuDNN is only looked for by a run.
 *
 * @param needsDriver whether the driver counts. @default true
 */
export async function missingForCuda(needsDriver = true): Promise<string | null> {
  const unfit = unfitPlatform();
  if (unfit) return `ONNX Runtime has CUDA for Linux on x64 only, not for ${unfit}`;
  const { providers } = installedRuntime();
  const missing = PROVIDER_FILES.filter((file) => !existsSync(join(providers, file)));
  if (missing.length > 0) return `the CUDA provider is not installed (${missing.join(', ')})`;
  const provider = join(providers, CUDA_PROVIDER);
  const folder = realFolder(provider);
  try {
    await readSet(folder);
  } catch (error) {
    return `the CUDA libraries are damaged (${error instanceof KandidError ? error.details.problem : reasonOf(error)})`;
  }
  const libraries = (await missingLibraries(provider, folder)).filter((name) => needsDriver || name !== DRIVER);
  if (libraries.length === 0) return null;
  const driver = libraries.includes(DRIVER) ? ', which comes with the NVIDIA driver' : '';
  return `not found by the loader: ${libraries.sort(driverLast).join(', ')}${driver}`;
}

/**
 * The set of libraries that the provider lies in; null if it is not installed, or needs those of the system.
 *
 * @throws {KandidError} cuda_damaged
 */
export async function providerSet(): Promise<LibrarySet | null> {
  return await readSet(realFolder(join(installedRuntime().providers, CUDA_PROVIDER)));
}

/** Shared libraries that the loader does not find; empty if `ldd` is missing too. */
async function missingLibraries(file: string, folder: string): Promise<string[]> {
  const path = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter);
  try {
    const env = { ...process.env, LD_LIBRARY_PATH: path };
    const { stdout } = await promisify(execFile)('ldd', [file], { timeout: 10_000, env });
    return notFound(stdout);
  } catch {
    return [];
  }
}

function driverLast(a: string, b: string): number {
  return Number(a === DRIVER) - Number(b === DRIVER);
}

/** Names of the libraries that `ldd` reports as not found, except ONNX Runtime's own. */
export function notFound(printout: string): string[] {
  const names = [...printout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => String(match[1]));
  return names.filter((name) => !name.startsWith('libonnxruntime'));
}
