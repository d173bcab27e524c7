/** The files that CUDA needs: ONNX Runtime's provider libraries and their dependencies. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** ONNX Runtime's npm package does not include these; `npm run setup:cuda` downloads them. */
export const PROVIDER_FILES = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
  'libonnxruntime_providers_tensorrt.so',
] as const;

/** Providers that CUDA needs; TensorRT's is downloaded as well. */
const NEEDED = PROVIDER_FILES.slice(0, 2);

/** A message on what is missing for CUDA, as far as files show; null if nothing is. */
export async function missingForCuda(): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `ONNX Runtime has CUDA for Linux on x64 only, not for ${process.platform} on ${process.arch}`;
  const folder = providerFolder();
  const missing = NEEDED.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) return `the CUDA provider is not installed (${missing.join(', ')})`;
  const libraries = await missingLibraries(join(folder, 'libonnxruntime_providers_cuda.so'));
  return libraries.length > 0 ? `not found by the loader: ${libraries.join(', ')}` : null;
}

function providerFolder(): string {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  return join(dirname(dirname(main)), 'bin', 'napi-v6', process.platform, process.arch);
}

/** Shared libraries that the loader does not find; empty if `ldd` is missing too. */
async function missingLibraries(file: string): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)('ldd', [file], { timeout: 10_000 });
    return notFound(stdout);
  } catch {
    return [];
  }
}

/** Names of the libraries that `ldd` reports as not found, except ONNX Runtime's own. */
export function notFound(printout: string): string[] {
  const names = [...printout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => String(match[1]));
  return names.filter((name) => !name.startsWith('libonnxruntime'));
}
