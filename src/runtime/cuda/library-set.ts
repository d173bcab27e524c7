/** A set of CUDA libraries in a folder of its own: ONNX Runtime's provider, and what it loads. */
import { existsSync, realpathSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { KandidError, reasonOf } from '../../errors.ts';
import { firstIssue } from '../../kit/issues.ts';
import { parseJson } from '../../kit/json.ts';

/** Written last: a folder without it is no set. */
export const SET_FILE = 'set.json';
const SET_JSON = { bytes: 2 ** 20, depth: 4, values: 1000, keys: 1000 };

/** No path: a set never leads out of its folder. */
const fileName = z.string().regex(/^lib[\w.+-]+$/, 'expected the name of a library');

const schema = z.object({
  format: z.literal(1),
  /** Versions of the wheels that it was taken from, by name: `onnxruntime-gpu`, `nvidia-cudnn-cu13`, … */
  packages: z.record(z.string(), z.string()),
  files: z.record(fileName, z.object({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
  /** Libraries that are loaded before the provider, each after those that it needs. */
  preload: z.array(fileName),
});

export type SetDescription = z.output<typeof schema>;

export interface LibrarySet extends SetDescription {
  readonly folder: string;
}

/**
 * The set in a folder; null if there is none.
 *
 * @throws {KandidError} cuda_damaged if there is one, but not all of it
 */
export async function readSet(folder: string): Promise<LibrarySet | null> {
  const file = join(folder, SET_FILE);
  const refuse = (problem: string) => new KandidError('cuda_damaged', { file, problem });
  if (!existsSync(file)) return null;
  let json: unknown;
  try {
    json = parseJson(await readFile(file, 'utf8'), SET_JSON);
  } catch (cause) {
    throw refuse(reasonOf(cause));
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const { field, problem } = firstIssue(parsed.error);
    throw refuse(`${field}: ${problem}`);
  }
  for (const [name, { bytes }] of Object.entries(parsed.data.files)) {
    const found = await stat(join(folder, name)).catch(() => null);
    if (found?.size !== bytes) throw refuse(`${name} has ${found?.size ?? 'no'} bytes, expected ${bytes}`);
  }
  return { ...parsed.data, folder };
}

/** The folder that a library really lies in: providers are links into their set. */
export function realFolder(library: string): string {
  return existsSync(library) ? dirname(realpathSync(library)) : dirname(library);
}
