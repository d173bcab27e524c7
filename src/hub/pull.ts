/** Fetches a model by name: a CLIP, a published checkpoint (which is imported), or a bundle. */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KandidError, reasonOf } from '../errors.ts';
import { importCheckpoint } from '../importer/import.ts';
import { nameHint } from '../kit/nearest-names.ts';
import { checkNewName } from '../runtime/bundle-writer.ts';
import { FORMAT_VERSION, MANIFEST_FILE, parseManifest } from '../runtime/manifest.ts';
import { CATALOGUE, type CatalogueEntry, type CheckpointEntry, type ClipEntry, GENERAL_CLIPS } from './catalogue.ts';
import { type ClipFormat, clipFiles } from './clip-files.ts';
import type { Connection } from './connection.ts';
import { type Downloaded, download } from './download.ts';
import { openRepository, type RemoteFile, type Repository } from './repository.ts';

export interface PullOptions {
  /** Folder that the model's folder is made in. */
  readonly models: string;
  /** @default the name in the catalogue, else the repository's */
  readonly name?: string | undefined;
  /** Number format of a CLIP's graphs. @default the first of fp32, fp16, q8 that there is */
  readonly format?: ClipFormat | undefined;
  readonly licence?: string | undefined;
  readonly command: string;
  readonly signal?: AbortSignal | undefined;
  readonly pauseMs?: number | undefined;
  /** @param done bytes of `total`, or parts of it, of what `doing` names */
  progress?(done: number, total: number, doing: string): void;
}

export interface Pulled {
  readonly name: string;
  readonly folder: string;
  readonly kind: 'clip' | 'checkpoint' | 'bundle';
  readonly licence: { readonly weights: string; readonly data: string; readonly attribution: string };
}

/**
 * @param source a name of the catalogue, `hf:OWNER/NAME[@REVISION][:FILE]`, or the address of a checkpoint
 * @throws {KandidError} hub_*, bundle_exists, option_invalid, checkpoint_refused, file_unwritable, cancelled
 */
export async function pull(source: string, connection: Connection, options: PullOptions): Promise<Pulled> {
  const target = targetOf(source);
  const name = options.name ?? target.name;
  checkNewName(options.models, name);
  const staging = join(options.models, `.pull-${name}`);
  try {
    await mkdir(staging, { recursive: true });
    const pulled = await new Pull(connection, { ...options, name, staging }).run(target);
    await rm(staging, { recursive: true, force: true });
    return { ...pulled, name, folder: join(options.models, name) };
  } catch (cause) {
    if (cause instanceof KandidError || !isFileError(cause)) throw cause;
    throw new KandidError('file_unwritable', { file: staging, reason: reasonOf(cause) }, { cause });
  }
}

function isFileError(cause: unknown): boolean {
  const { syscall, path } = cause as NodeJS.ErrnoException;
  return cause instanceof Error && typeof syscall === 'string' && typeof path === 'string';
}

interface Target {
  readonly name: string;
  readonly entry: CatalogueEntry | null;
  readonly repository: string | null;
  readonly revision: string;
  /** The checkpoint in the repository, where one was named. */
  readonly file: string | null;
  readonly address: string | null;
}

function targetOf(source: string): Target {
  const plain = { entry: null, repository: null, revision: 'main', file: null, address: null };
  const known = Object.hasOwn(CATALOGUE, source) ? CATALOGUE[source] : undefined;
  if (known) return { ...plain, name: source, entry: known, repository: known.repository, revision: known.revision };
  const hub = /^hf:([^/@:]+\/[^/@:]+)(?:@([^:]+))?(?::(.+))?$/.exec(source);
  if (hub) {
    const [, repository = '', revision = 'main', file = null] = hub;
    return { ...plain, name: asName((file ?? repository).split('/').at(-1) ?? ''), repository, revision, file };
  }
  if (/^https?:\/\//.test(source)) {
    const last = new URL(source).pathname.split('/').at(-1) ?? '';
    return { ...plain, name: asName(last), address: source };
  }
  const hint = nameHint(source, Object.keys(CATALOGUE));
  throw new KandidError('hub_unknown', { name: source.slice(0, 200), hint });
}

function asName(text: string): string {
  const plain = decodeURIComponent(text)
    .toLowerCase()
    .replace(/\.pkl$/, '')
    .replace(/[^a-z0-9.-]+/g, '-');
  return plain.replace(/^[^a-z0-9]+/, '').slice(0, 64) || 'pulled';
}

interface Staged extends PullOptions {
  readonly name: string;
  readonly staging: string;
}

const UNKNOWN = 'not stated: ask its author';

/** One pull into its staging folder, which a later one of the same name goes on from. */
class Pull {
  readonly #connection: Connection;
  readonly #options: Staged;

  constructor(connection: Connection, options: Staged) {
    this.#connection = connection;
    this.#options = options;
  }

  async run({ entry, repository, revision, file, address }: Target): Promise<Pick<Pulled, 'kind' | 'licence'>> {
    if (address !== null) return await this.#checkpoint([remote(address)], null, null);
    if (entry?.kind === 'checkpoint') return await this.#published(entry);
    const found = await openRepository(this.#connection, repository ?? '', revision, this.#options.signal);
    if (entry?.kind === 'clip') return await this.#clip(found, entry);
    const checkpoints = found.files.filter(({ path }) => path.endsWith('.pkl') && (file === null || path === file));
    if (file !== null || (checkpoints.length === 1 && !hasFile(found, 'preprocessor_config.json')))
      return await this.#checkpoint(checkpoints, null, found.licence);
    if (hasFile(found, MANIFEST_FILE)) return await this.#bundle(found);
    return await this.#clip(found, null);
  }

  /** From the hub, in whatever folder it lies there; else from a mirror. */
  async #published(entry: CheckpointEntry): Promise<Pick<Pulled, 'kind' | 'licence'>> {
    const sources: RemoteFile[] = [];
    let failure: unknown = null;
    try {
      const found = await openRepository(this.#connection, entry.repository, entry.revision, this.#options.signal);
      sources.push(...found.files.filter(({ path }) => path.split('/').at(-1) === entry.file));
    } catch (cause) {
      this.#options.signal?.throwIfAborted();
      failure = cause;
    }
    sources.push(...entry.mirrors.map((folder) => remote(new URL(entry.file, folder).href)));
    if (sources.length === 0) throw failure;
    return await this.#checkpoint(sources, entry, null);
  }

  /** @param sources of the same file; the first that can be had is taken */
  async #checkpoint(
    sources: readonly RemoteFile[],
    entry: CheckpointEntry | null,
    cardLicence: string | null,
  ): Promise<Pick<Pulled, 'kind' | 'licence'>> {
    const { staging, models, name, command, signal, progress } = this.#options;
    const path = join(staging, 'checkpoint.pkl');
    await this.#firstOf(sources, path);
    const stated = { weights: cardLicence ?? UNKNOWN, data: UNKNOWN, attribution: '' };
    const licence = this.#licence(entry?.licence ?? stated);
    const title = entry?.title;
    await importCheckpoint(path, {
      name,
      models,
      licence,
      title,
      command,
      signal,
      textModels: GENERAL_CLIPS,
      progress: (done, total, doing) => progress?.(done, total, doing),
    });
    return { kind: 'checkpoint', licence };
  }

  async #firstOf(sources: readonly RemoteFile[], path: string): Promise<Downloaded> {
    let failure: unknown = new KandidError('hub_unfit', { source: this.#options.name, problem: 'it has no such file' });
    for (const source of sources)
      try {
        return await this.#fetch(source, path);
      } catch (cause) {
        this.#options.signal?.throwIfAborted();
        failure = cause;
      }
    throw failure;
  }

  async #clip(found: Repository, entry: ClipEntry | null): Promise<Pick<Pulled, 'kind' | 'licence'>> {
    const { name, command } = this.#options;
    const chosen = clipFiles(found, this.#options.format);
    const files = await this.#all(chosen, found);
    const stated = { weights: found.licence ?? UNKNOWN, data: UNKNOWN, attribution: found.name };
    const licence = this.#licence(entry?.licence ?? stated);
    await this.#finish({
      format_version: FORMAT_VERSION,
      kind: 'clip',
      name,
      title: entry?.title ?? found.name,
      description: `${found.name} at ${found.commit.slice(0, 12)}`,
      licence,
      made: { command, seed: 0, repository: found.name, commit: found.commit },
      files,
    });
    return { kind: 'clip', licence };
  }

  /** A bundle that somebody put on the hub: the files that its model.json names. */
  async #bundle(found: Repository): Promise<Pick<Pulled, 'kind' | 'licence'>> {
    const { staging, name } = this.#options;
    const manifestFile = found.files.find(({ path }) => path === MANIFEST_FILE) as RemoteFile;
    await this.#fetch(manifestFile, join(staging, MANIFEST_FILE));
    const text = await readFile(join(staging, MANIFEST_FILE), 'utf8');
    const manifest = parseManifest(text, name);
    const wanted = [...Object.keys(manifest.files)];
    if (manifest.kind === 'pyramid' && manifest.prior) wanted.push(...Object.keys(manifest.prior.files));
    const chosen = wanted.map((path) => found.files.find((file) => file.path === path));
    const missing = wanted.find((_, i) => !chosen[i]);
    if (missing) throw new KandidError('hub_unfit', { source: found.name, problem: `${missing} is missing` });
    await this.#all(chosen as RemoteFile[], found);
    await this.#place();
    return { kind: 'bundle', licence: manifest.licence };
  }

  async #all(files: readonly RemoteFile[], { name, commit }: Repository): Promise<Record<string, Downloaded>> {
    const records: Record<string, Downloaded> = {};
    for (const file of files) {
      const path = join(this.#options.staging, file.path);
      await mkdir(dirname(path), { recursive: true });
      await this.#fromCache(name, commit, file.path, path);
      records[file.path] = await this.#fetch(file, path);
    }
    return records;
  }

  /** What another program has fetched from the hub is copied; it is verified like anything else. */
  async #fromCache(repository: string, commit: string, file: string, path: string): Promise<void> {
    const { cache } = this.#connection.settings;
    const cached = join(cache, `models--${repository.replace('/', '--')}`, 'snapshots', commit, file);
    if (!existsSync(path) && existsSync(cached)) await copyFile(cached, path);
  }

  #fetch(file: RemoteFile, path: string): Promise<Downloaded> {
    const { signal, pauseMs, progress } = this.#options;
    const doing = file.path.split('/').at(-1) ?? file.path;
    return download(this.#connection, file, path, {
      signal,
      pauseMs,
      progress: (bytes) => progress?.(bytes, file.bytes ?? Math.max(1, bytes), doing),
    });
  }

  #licence(stated: Pulled['licence']): Pulled['licence'] {
    const { licence } = this.#options;
    return licence === undefined ? stated : { ...stated, weights: licence };
  }

  async #finish(manifest: object): Promise<void> {
    await writeFile(join(this.#options.staging, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    await this.#place();
  }

  async #place(): Promise<void> {
    const { staging, models, name } = this.#options;
    checkNewName(models, name);
    await rename(staging, join(models, name));
  }
}

function hasFile({ files }: Repository, path: string): boolean {
  return files.some((file) => file.path === path);
}

function remote(url: string): RemoteFile {
  return { path: new URL(url).pathname.split('/').at(-1) ?? 'file', url, bytes: null, sha256: null, gitBlob: null };
}
