/** The files that CUDA needs: ONNX Runtime's provider libraries and what they are linked to. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** The npm package of ONNX Runtime leaves these out; `npm run setup:cuda` fetches them. */
export const PROVIDER_FILES = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
  'libonnxruntime_providers_tensorrt.so',
] as const;

/** Providers that CUDA itself needs; TensorRT's is only fetched beside them. */
const NEEDED = PROVIDER_FILES.slice(0, 2);

/** What keeps CUDA from working as far as files tell, in words; null where nothing does. */
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

/** Shared libraries that the loader does not find; none where `ldd` is missing too. */
async function missingLibraries(file: string): Promise<string[]> {
  try {
    const { stdout } = await promisify(execFile)('ldd', [file], { timeout: 10_000 });
    return notFound(stdout);
  } catch {
    return [];
  }
}

/** Names of the libraries that a printout of `ldd` says are not found, ONNX Runtime's own left out. */
export function notFound(printout: string): string[] {
  const names = [...printout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => String(match[1]));
  return names.filter((name) => !name.startsWith('libonnxruntime'));
}
