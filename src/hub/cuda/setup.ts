/** Puts the locked CUDA libraries into a folder of the user's, all of them or none, for ONNX Runtime to load. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, statfs, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { KandidError, reasonOf } from '../../errors.ts';
import { type LibrarySet, readSet, SET_FILE, type SetDescription } from '../../runtime/cuda/library-set.ts';
import { type InstalledRuntime, PROVIDER_FILES, unfitPlatform } from '../../runtime/cuda/provider.ts';
import { hashesOf } from '../download.ts';
import type { Lock, LockedWheel } from './lock.ts';
import { extract, membersOf } from './wheel.ts';
import type { WheelSource } from './wheel-source.ts';

export interface SetupOptions {
  /** Folder that the set's folder is made in. */
  readonly cache: string;
  readonly lock: Lock;
  readonly source: WheelSource;
  readonly runtime: Pick<InstalledRuntime, 'version' | 'providers'>;
  readonly signal?: AbortSignal | undefined;
  /** @param done bytes of `total`, of what `doing` names */
  progress?(done: number, total: number, doing: string): void;
}

/** KANDID_CUDA, otherwise `kandid/cuda` in the user's cache folder. */
export function cudaCache(environment: NodeJS.ProcessEnv): string {
  const caches = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), '.cache');
  return environment.KANDID_CUDA || join(caches, 'kandid', 'cuda');
}

/** Downloaded wheels of a cache, until the set is whole. */
export function wheelFolder(cache: string): string {
  return join(cache, 'wheels');
}

/**
 * Makes the set unless it is there, and links ONNX Runtime's providers to it.
 *
 * @returns the set's folder, and whether it was made now
 * @throws {KandidError} cuda_platform, cuda_version, wheel_*, file_unwritable
 */
export async function setUpCuda(options: SetupOptions): Promise<{ readonly folder: string; readonly isNew: boolean }> {
  const { cache, lock, runtime } = options;
  checkPlatform();
  checkVersion(lock, runtime.version);
  const folder = setFolder(cache, lock);
  const isThere = (await whatIsWrong(folder)) === null;
  try {
    if (!isThere) await makeSet(folder, options);
    await linkProviders(folder, runtime.providers);
    if (!isThere) await rm(wheelFolder(cache), { recursive: true, force: true });
  } catch (cause) {
    throw fileError(cause, cache);
  }
  return { folder, isNew: !isThere };
}

/** @throws {KandidError} cuda_platform */
export function checkPlatform(platform: string = process.platform, arch: string = process.arch): void {
  const unfit = unfitPlatform(platform, arch);
  if (unfit) throw new KandidError('cuda_platform', { got: unfit });
}

/** The provider only works with the version of ONNX Runtime that it was built with. @throws {KandidError} cuda_version */
function checkVersion({ wheels }: Lock, version: string): void {
  const got = wheels.find(({ name }) => name === 'onnxruntime-gpu')?.version ?? 'none';
  if (got !== version) throw new KandidError('cuda_version', { got, expected: version });
}

/** Named by all hashes: another lock makes another set. An absolute path, since links lead there. */
export function setFolder(cache: string, { wheels }: Lock): string {
  const hash = createHash('sha256');
  for (const { sha256 } of wheels) hash.update(sha256);
  return resolve(cache, `onnxruntime-${wheels[0]?.version}-${hash.digest('hex').slice(0, 8)}`);
}

/** What is wrong with the set in a folder, by the hashes of all its files; null if nothing is. */
export async function whatIsWrong(folder: string): Promise<string | null> {
  let set: LibrarySet | null;
  try {
    set = await readSet(folder);
  } catch (error) {
    return reasonOf(error);
  }
  if (!set) return `there is no ${join(folder, SET_FILE)}`;
  for (const [name, { sha256 }] of Object.entries(set.files))
    if ((await hashesOf(join(folder, name))).sha256 !== sha256) return `${join(folder, name)} was changed`;
  return null;
}

/** Made beside its place and moved there when it is whole: at no time is there a part of a set. */
async function makeSet(folder: string, options: SetupOptions): Promise<void> {
  const { cache, lock } = options;
  await mkdir(cache, { recursive: true });
  await removeStale(cache);
  await checkSpace(cache, lock);
  const paths = await getAll(options);
  const staging = join(cache, `${STAGING}${process.pid}`);
  try {
    await rm(staging, { recursive: true, force: true });
    await mkdir(staging);
    await writeFile(join(staging, SET_FILE), JSON.stringify(await unpackAll(paths, staging, options), null, 2));
    await rm(folder, { recursive: true, force: true });
    await rename(staging, folder);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const STAGING = '.staging-';

/** Removes what processes that were killed have left. */
async function removeStale(cache: string): Promise<void> {
  for (const name of await readdir(cache))
    if (name.startsWith(STAGING) && !isRunning(Number(name.slice(STAGING.length))))
      await rm(join(cache, name), { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function checkSpace(cache: string, { wheels, unpacked }: Lock): Promise<void> {
  const waiting = wheels.filter(({ file }) => !existsSync(join(wheelFolder(cache), file)));
  const needed = waiting.reduce((sum, { bytes }) => sum + bytes, unpacked);
  const { bavail, bsize } = await statfs(cache);
  if (bavail * bsize >= needed) return;
  const reason = `it needs ${gigabytes(needed)}, ${gigabytes(bavail * bsize)} are free`;
  throw new KandidError('file_unwritable', { file: cache, reason });
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Gets all wheels, one after the other. @throws {KandidError} wheel_*; what the signal was aborted with */
export async function getAll({
  lock: { wheels },
  source,
  signal,
  progress,
}: Pick<SetupOptions, 'lock' | 'source' | 'signal' | 'progress'>): Promise<Map<LockedWheel, string>> {
  const total = wheels.reduce((sum, { bytes }) => sum + bytes, 0);
  const paths = new Map<LockedWheel, string>();
  let before = 0;
  for (const wheel of wheels) {
    signal?.throwIfAborted();
    progress?.(before, total, wheel.name);
    paths.set(wheel, await source.get(wheel, (bytes) => progress?.(before + bytes, total, wheel.name)));
    before += wheel.bytes;
  }
  return paths;
}

async function unpackAll(
  paths: ReadonlyMap<LockedWheel, string>,
  staging: string,
  { lock, signal, progress }: SetupOptions,
): Promise<SetDescription> {
  const files: SetDescription['files'] = {};
  let done = 0;
  for (const [wheel, path] of paths) {
    const members = await membersOf(path).catch((cause: unknown) => {
      throw unpackError(wheel, cause);
    });
    for (const library of wheel.libraries) {
      progress?.(done, lock.unpacked, `unpacking ${library}`);
      const member = members.get(`${wheel.folder}/${library}`);
      if (!member) throw unpackError(wheel, new Error(`it has no ${wheel.folder}/${library}`));
      files[library] = await extract(path, member, join(staging, library), signal).catch((cause: unknown) => {
        signal?.throwIfAborted();
        throw unpackError(wheel, cause);
      });
      done += member.bytes;
    }
  }
  const packages = Object.fromEntries(lock.wheels.map(({ name, version }) => [name, version]));
  return { format: 1, packages, files, preload: [...lock.preload] };
}

/** Links in ONNX Runtime's own folder, where alone it looks for providers; each is replaced at once. */
async function linkProviders(folder: string, providers: string): Promise<void> {
  try {
    for (const file of PROVIDER_FILES) {
      const fresh = join(providers, `.${file}.${process.pid}`);
      await rm(fresh, { force: true });
      await symlink(join(folder, file), fresh);
      await rename(fresh, join(providers, file));
    }
  } catch (cause) {
    throw fileError(cause, providers);
  }
}

function unpackError({ file }: LockedWheel, cause: unknown): unknown {
  if (isFileError(cause)) return cause;
  return new KandidError('wheel_changed', { file, got: reasonOf(cause), expected: 'the locked libraries' }, { cause });
}

function fileError(cause: unknown, folder: string): unknown {
  if (!isFileError(cause)) return cause;
  return new KandidError('file_unwritable', { file: folder, reason: reasonOf(cause) }, { cause });
}

function isFileError(cause: unknown): boolean {
  return cause instanceof Error && typeof (cause as NodeJS.ErrnoException).syscall === 'string';
}
