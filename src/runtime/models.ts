/** Finds models in folders of bundles, searched in order; the first one with a name is used. */
import { type Dirent, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KandidError, toKandidError } from '../errors.ts';
import { nameHint } from '../kit/nearest-names.ts';
import { readManifest } from './bundle.ts';
import { FORMAT_VERSION, MANIFEST_FILE, type Manifest } from './manifest.ts';

export interface FoundModel {
  /** Name of its folder, and of the model. */
  readonly name: string;
  readonly folder: string;
  /** Null if model.json could not be read: `error` is the reason. Files are not hashed yet. */
  readonly manifest: Manifest | null;
  readonly error: KandidError | null;
}

/** Finds all models in the folders; a folder that does not exist is empty. */
export async function findModels(folders: readonly string[]): Promise<FoundModel[]> {
  const found = new Map<string, FoundModel>();
  for (const folder of folders)
    for (const entry of await subfolders(folder)) {
      const path = join(resolve(folder), entry);
      if (found.has(entry)) continue;
      if (existsSync(join(path, MANIFEST_FILE))) found.set(entry, await describeModel(entry, path));
      else if (isClipFolder(path)) found.set(entry, foundClip(entry, path));
    }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Finds a model by name; with `paths`, also by the path of its folder (for the local user, not for remote requests).
 *
 * @param kind kind of the models suggested if there is none of this name; a model of another kind is returned all the
 * same
 * @throws {KandidError} models_missing, model_unknown (with the nearest names)
 */
export async function findModel(
  nameOrPath: string,
  folders: readonly string[],
  { paths = false, kind }: { readonly paths?: boolean; readonly kind?: Manifest['kind'] } = {},
): Promise<FoundModel> {
  const models = await findModels(folders);
  const named = models.find(({ name }) => name === nameOrPath);
  if (named) return named;
  const isPath = /[/\\]|^\.{1,2}$/.test(nameOrPath);
  if (paths && isPath && existsSync(join(nameOrPath, MANIFEST_FILE)))
    return await describeModel(nameOrPath, resolve(nameOrPath));
  if (models.length === 0) throw new KandidError('models_missing', { folders: folders.join(', ') || 'no folder' });
  const names = models.filter(({ manifest }) => !kind || manifest?.kind === kind).map(({ name }) => name);
  throw new KandidError('model_unknown', { name: nameOrPath.slice(0, 200), hint: nameHint(nameOrPath, names) });
}

async function describeModel(name: string, folder: string): Promise<FoundModel> {
  try {
    return { name, folder, manifest: await readManifest(folder), error: null };
  } catch (error) {
    return { name, folder, manifest: null, error: toKandidError(error) };
  }
}

/** A CLIP in the Hugging Face layout, copied here by hand. */
function isClipFolder(folder: string): boolean {
  return ['config.json', 'tokenizer.json', 'preprocessor_config.json', 'onnx'].every((part) =>
    existsSync(join(folder, part)),
  );
}

function foundClip(name: string, folder: string): FoundModel {
  const licence = { data: 'not stated', weights: 'not stated', attribution: '' };
  const description = 'A CLIP without a model.json: its files are not verified';
  const about = { title: name, description, licence, metrics: {}, files: {} };
  return { name, folder, manifest: { format_version: FORMAT_VERSION, kind: 'clip', name, ...about }, error: null };
}

async function subfolders(folder: string): Promise<string[]> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const isFolder = (entry: Dirent) => entry.isDirectory() || entry.isSymbolicLink();
  // Names that start with a dot are bundles being written.
  return entries.filter((entry) => isFolder(entry) && !entry.name.startsWith('.')).map(({ name }) => name);
}
