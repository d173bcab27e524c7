/** Opens a bundle: checks model.json, the hash of every file, and every graph against model.json. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { KandidError, reasonOf } from '../errors.ts';
import { checkInside, readBundleFile } from './bundle-files.ts';
import { FusedGraphs } from './fused/fused-graphs.ts';
import { checkDecodeGraph, checkDescendGraph, checkLevelGraph, checkPriorGraph } from './graphs.ts';
import { LazySession, type Runnable } from './lazy-session.ts';
import {
  bundleHash,
  isLarge,
  MANIFEST_FILE,
  MANIFEST_JSON,
  type Manifest,
  type PyramidManifest,
  parseManifest,
} from './manifest.ts';
import { decodeModel } from './onnx/messages.ts';
import { readTensors, type StoredTensor } from './safetensors.ts';
import { createSession, type Session, type SessionOptions } from './session.ts';
import { Sessions, sessions as sharedSessions } from './sessions.ts';

const FILES_AT_ONCE = 4;

export interface Bundle {
  /** Name of its folder, and of the model. */
  readonly name: string;
  readonly folder: string;
  readonly manifest: PyramidManifest;
  /** 64 hexadecimal digits (`bundleHash`); the first 8 name the bundle in permalinks. */
  readonly hash: string;
  /** One graph per level. */
  readonly levels: readonly Runnable[];
  readonly decode: Runnable;
  /** Graphs that choose without drawing; null if the bundle's graphs have an unknown structure. */
  fused(): Promise<FusedGraphs | null>;
  /** Tensors of weights.safetensors by name, as float32 (the nodes, for scoring without drawing). */
  tensors(names: readonly string[]): Promise<Map<string, StoredTensor>>;
  /**
   * Opens the graphs of the prior, once; null if the bundle has none. They are freed with the bundle.
   *
   * @throws {KandidError} bundle_*, file_unreadable, graph_unreadable
   */
  prior(): Promise<PriorGraphs | null>;
  release(): Promise<void>;
}

export interface PriorGraphs {
  /** By side in pixels, coarse to fine. */
  readonly sides: ReadonlyMap<number, Session>;
  readonly descend: ReadonlyMap<number, Session>;
}

export interface LoadOptions extends SessionOptions {
  /** Sessions used to open graphs. @default the sessions of this process */
  readonly sessions?: Sessions;
}

/**
 * Opens the bundle in a folder. Levels and decode.onnx are opened at once: measured 0.4 s for 39 levels and 0.3 s for
 * decode.onnx on two cores, and an invalid graph is found now rather than in the middle of a request. Those of a large
 * bundle are opened on first use: the first levels run while the others wait, and the weights of unused graphs take no
 * memory.
 *
 * @throws {KandidError} bundle_*, model_kind, file_unreadable, graph_unreadable, library_unavailable
 */
export async function loadBundle(folder: string, options: LoadOptions = {}): Promise<Bundle> {
  const { sessions = sharedSessions, ...sessionOptions } = options;
  const manifest = await readManifest(folder);
  if (manifest.kind !== 'pyramid')
    throw new KandidError('model_kind', {
      name: manifest.name,
      got: manifest.kind,
      expected: 'pyramid',
      hint: 'Choose a model that makes pictures.',
    });
  await verifyFiles(folder, manifest.files);
  const open = (path: string) => sessions.open(path, sessionOptions);
  const graphs = graphsOf(folder, manifest, open);
  if (!isLarge(manifest)) await openAll([...graphs.levels, graphs.decode]);
  let prior: Promise<PriorGraphs | null> | undefined;
  let fused: Promise<FusedGraphs | null> | undefined;
  return {
    name: basename(resolve(folder)),
    folder: resolve(folder),
    manifest,
    hash: bundleHash(manifest),
    levels: graphs.levels,
    decode: graphs.decode,
    fused: () => {
      fused ??= fusedGraphs(folder, manifest, sessionOptions);
      return fused;
    },
    tensors: (names) => readTensors(join(folder, manifest.weights), names, manifest.name),
    prior: () => {
      prior ??= openPrior(folder, manifest, open);
      return prior;
    },
    release: async () => {
      await releaseAll([...graphs.levels, graphs.decode]);
      await (await fused?.catch(() => null))?.release();
      const ofPrior = await prior?.catch(() => null);
      if (ofPrior) await releaseAll(sessionsOf(ofPrior));
    },
  };
}

/** @throws {KandidError} bundle_invalid, bundle_version, bundle_file_name, bundle_file_missing, file_unreadable */
export async function readManifest(folder: string): Promise<Manifest> {
  return parseManifest(await readBundleFile(folder, MANIFEST_FILE, MANIFEST_JSON.bytes), basename(resolve(folder)));
}

/**
 * Compares every file of a bundle with its size and sha256 in model.json.
 *
 * @throws {KandidError} bundle_file_missing, bundle_file_changed
 */
export async function verifyFiles(folder: string, files: Manifest['files']): Promise<void> {
  const bundle = basename(resolve(folder));
  const waiting = Object.entries(files);
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await verifyFile(folder, next[0], next[1], bundle);
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, work));
}

async function verifyFile(
  folder: string,
  file: string,
  expected: Manifest['files'][string],
  bundle: string,
): Promise<void> {
  const changed = (what: string, got: string | number, wanted: string | number) =>
    new KandidError('bundle_file_changed', { bundle, file, what, got, expected: wanted });
  await checkInside(folder, file);
  const path = join(folder, file);
  const found = await stat(path).catch(() => null);
  if (!found?.isFile()) throw new KandidError('bundle_file_missing', { bundle, file, bytes: expected.bytes });
  if (found.size !== expected.bytes) throw changed('size', `${found.size} bytes`, `${expected.bytes} bytes`);
  const sha256 = await hashFile(path);
  if (sha256 !== expected.sha256) throw changed('sha256', sha256, expected.sha256);
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk);
  } catch (cause) {
    throw new KandidError('file_unreadable', { file: path, reason: reasonOf(cause) }, { cause });
  }
  return hash.digest('hex');
}

async function openPrior(
  folder: string,
  manifest: PyramidManifest,
  open: (path: string) => Promise<Session>,
): Promise<PriorGraphs | null> {
  const { prior } = manifest;
  if (!prior) return null;
  await verifyFiles(folder, prior.files);
  const opened: Session[] = [];
  try {
    const openSides = async (graphs: Readonly<Record<string, string>>, check: CheckSide) => {
      const found = new Map<number, Session>();
      for (const [side, file] of Object.entries(graphs).sort(([a], [b]) => Number(a) - Number(b))) {
        const session = await open(join(folder, file));
        opened.push(session);
        check(session, manifest, Number(side), file);
        found.set(Number(side), session);
      }
      return found;
    };
    return {
      sides: await openSides(prior.sides, checkPriorGraph),
      descend: await openSides(prior.descend, checkDescendGraph),
    };
  } catch (error) {
    await releaseAll(opened);
    throw error;
  }
}

type CheckSide = (session: Session, manifest: PyramidManifest, side: number, file: string) => void;

const sessionsOf = ({ sides, descend }: PriorGraphs): Session[] => [...sides.values(), ...descend.values()];

/** Number of kinds of forms whose graphs are kept: each holds the weights in float32 once more. */
const KEPT_KINDS = 4;

async function fusedGraphs(
  folder: string,
  manifest: PyramidManifest,
  options: SessionOptions,
): Promise<FusedGraphs | null> {
  const { levels, channels, graphs } = manifest;
  return FusedGraphs.of({
    levels,
    channels,
    decode: decodeModel(await readFile(join(folder, graphs.decode))),
    open: (graph, name) => createSession(graph, { ...options, folder: resolve(folder) }, `${manifest.name}, ${name}`),
    kept: isLarge(manifest) ? 1 : KEPT_KINDS,
  });
}

interface Graphs {
  readonly levels: readonly LazySession[];
  readonly decode: LazySession;
}

function graphsOf(folder: string, manifest: PyramidManifest, open: (path: string) => Promise<Session>): Graphs {
  const lazy = (file: string, check: (session: Session) => void) =>
    new LazySession(file, async () => {
      const session = await open(join(folder, file));
      try {
        check(session);
        return session;
      } catch (error) {
        await session.release();
        throw error;
      }
    });
  const { levels, decode } = manifest.graphs;
  return {
    levels: levels.map((file, level) => lazy(file, (session) => checkLevelGraph(session, manifest, level, file))),
    decode: lazy(decode, (session) => checkDecodeGraph(session, manifest, decode)),
  };
}

async function openAll(graphs: readonly LazySession[]): Promise<void> {
  try {
    for (const graph of graphs) await graph.open();
  } catch (error) {
    await releaseAll(graphs);
    throw error;
  }
}

export interface CheckOptions {
  readonly signal?: AbortSignal | undefined;
  /** @param done number of graphs checked, of `total` */
  progress?(done: number, total: number): void;
}

/**
 * Checks every file and opens every graph, one after the other, so that a large bundle needs the memory of one graph
 * only.
 *
 * @throws {KandidError} as `loadBundle`
 */
export async function checkBundle(folder: string, { signal, progress }: CheckOptions = {}): Promise<void> {
  const manifest = await readManifest(folder);
  await verifyFiles(folder, manifest.files);
  if (manifest.kind !== 'pyramid') return;
  const sessions = new Sessions();
  const open = (path: string) => sessions.open(path, { isOptimized: !isLarge(manifest) });
  const { levels, decode } = graphsOf(folder, manifest, open);
  const all = [...levels, decode];
  for (const [done, graph] of all.entries()) {
    signal?.throwIfAborted();
    progress?.(done, all.length);
    await graph.open();
    await graph.release();
  }
  const prior = await openPrior(folder, manifest, open);
  if (prior) await releaseAll(sessionsOf(prior));
}

async function releaseAll(opened: readonly Runnable[]): Promise<void> {
  for (const session of opened) await session.release();
}
