/** Finds models: folders of bundles, searched in order; the first of a name wins. */
import { type Dirent, existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KandidError, toKandidError } from '../errors.ts';
import { nameHint } from '../kit/nearest-names.ts';
import { readManifest } from './bundle.ts';
import { FORMAT_VERSION, MANIFEST_FILE, type Manifest } from './manifest.ts';

export interface FoundModel {
  /** Its folder's name, by which it is asked for. */
  readonly name: string;
  readonly folder: string;
  /** Null where model.json could not be read: `error` says why. Files are not hashed yet. */
  readonly manifest: Manifest | null;
  readonly error: KandidError | null;
}

/** Looks for models in folders; a folder that does not exist holds none. */
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
 * The model of a name; with `paths`, also the model in a folder given as a path (which is for the person at the machine,
 * not for a request from outside).
 *
 * @param kind of the models whose names are offered where there is none of this name; one of another kind is given all the same
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
  // Those that begin with a dot are being written.
  return entries.filter((entry) => isFolder(entry) && !entry.name.startsWith('.')).map(({ name }) => name);
}
