/** Imports a published checkpoint: converts it to a bundle, without executing anything in it. */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KandidError, reasonOf } from '../errors.ts';
import { checkBundle } from '../runtime/bundle.ts';
import { fileRecord, stagedFolder } from '../runtime/bundle-writer.ts';
import { FORMAT_VERSION, MANIFEST_FILE } from '../runtime/manifest.ts';
import type { GraphParts } from '../runtime/onnx/graph-parts.ts';
import { encodeModel } from '../runtime/onnx/messages.ts';
import { type Checkpoint, readCheckpoint, type Start } from './checkpoint.ts';
import { decodeGraph, levelGraph } from './graphs.ts';
import { levelFile, type SlotsNetwork, slotsNetwork } from './layout.ts';
import { CheckpointProblem } from './pickle/problem.ts';
import { type Precision, type WrittenWeights, writeWeights } from './weights-file.ts';

const WEIGHTS_FILE = 'weights.safetensors';
const DECODE_FILE = 'decode.onnx';

export interface ImportOptions {
  /** Name of the bundle. */
  readonly name: string;
  /** Folder in which the bundle's folder is created. */
  readonly models: string;
  readonly licence: { readonly weights: string; readonly data: string; readonly attribution: string };
  readonly title?: string | undefined;
  /** @default as stated by the source code in the file */
  readonly start?: Start | undefined;
  /** Precision of the kernels on disk. @default 'half' */
  readonly precision?: Precision | undefined;
  /** Text models for its pictures, best first. */
  readonly textModels?: readonly string[] | undefined;
  /** The command as typed, for `made` in model.json. */
  readonly command: string;
  readonly signal?: AbortSignal | undefined;
  /** @param done number of parts, of `total`, of the step named by `doing` */
  progress?(done: number, total: number, doing: string): void;
}

export interface Imported {
  readonly folder: string;
  readonly levels: number;
  readonly side: number;
  readonly start: Start;
  /** Whether the start was given as an option. */
  readonly isStartGiven: boolean;
  readonly condition: Checkpoint['condition'];
  readonly parameters: number;
  /** Total size of all files. */
  readonly bytes: number;
}

/**
 * @param path of the checkpoint
 * @throws {KandidError} checkpoint_refused, file_unreadable, file_unwritable, bundle_exists, cancelled
 */
export async function importCheckpoint(path: string, options: ImportOptions): Promise<Imported> {
  const file = openedFile(path);
  try {
    const bytes = fstatSync(file).size;
    options.progress?.(0, 1, 'reading the structure');
    const checkpoint = readCheckpoint(file, bytes);
    return await stagedFolder(options.models, options.name, (folder) =>
      writeBundle(file, path, checkpoint, folder, options),
    );
  } catch (cause) {
    if (!(cause instanceof CheckpointProblem)) throw cause;
    throw new KandidError('checkpoint_refused', { file: basename(path), problem: cause.message }, { cause });
  } finally {
    closeSync(file);
  }
}

function openedFile(path: string): number {
  try {
    const file = openSync(path, 'r');
    if (fstatSync(file).isFile()) return file;
    closeSync(file);
    throw new Error('it is no file');
  } catch (cause) {
    throw new KandidError('file_unreadable', { file: path, reason: reasonOf(cause) }, { cause });
  }
}

async function writeBundle(
  file: number,
  path: string,
  checkpoint: Checkpoint,
  folder: string,
  options: ImportOptions,
): Promise<Omit<Imported, 'folder'>> {
  const { precision = 'half', signal, progress } = options;
  const start = options.start ?? checkpoint.start;
  const network = slotsNetwork(checkpoint.levels, start, checkpoint.condition === null ? 0 : 1);
  const weights = await writeWeights(
    file,
    checkpoint.levels,
    { path: join(folder, WEIGHTS_FILE), name: WEIGHTS_FILE },
    { precision, signal, progress: (done, total) => progress?.(done, total, 'weights') },
  );
  const files: Record<string, FileRecord> = { [WEIGHTS_FILE]: { sha256: weights.sha256, bytes: weights.bytes } };
  for (const [name, graph] of graphsOf(network, weights)) {
    const bytes = encodeModel(graph);
    await writeFile(join(folder, name), bytes);
    files[name] = fileRecord(bytes);
  }
  const manifest = manifestOf(path, checkpoint, network, { ...options, start, precision, files });
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  await checkOpens(folder, options);
  const levels = network.levels.length;
  return {
    levels,
    side: network.levels.at(-1)?.side ?? 0,
    start,
    isStartGiven: options.start !== undefined,
    condition: checkpoint.condition,
    parameters: [...weights.places.values()].reduce(
      (sum, { dims }) => sum + dims.reduce((size, dim) => size * dim, 1),
      0,
    ),
    bytes: Object.values(files).reduce((sum, one) => sum + one.bytes, 0),
  };
}

type FileRecord = ReturnType<typeof fileRecord>;

function* graphsOf(network: SlotsNetwork, { places }: WrittenWeights): Generator<[string, GraphParts]> {
  for (const index of network.levels.keys()) yield [levelFile(index), levelGraph(network, index, places)];
  yield [DECODE_FILE, decodeGraph(network, places)];
}

/** Opens every graph once, to find one that ONNX Runtime does not accept. */
async function checkOpens(folder: string, { signal, progress }: ImportOptions): Promise<void> {
  await checkBundle(folder, {
    signal,
    progress: (done, total) => progress?.(done, total, 'opening every graph'),
  });
}

interface ManifestParts extends ImportOptions {
  readonly start: Start;
  readonly precision: Precision;
  readonly files: Readonly<Record<string, FileRecord>>;
}

function manifestOf(path: string, checkpoint: Checkpoint, network: SlotsNetwork, parts: ManifestParts) {
  const { name, title, licence, start, precision, textModels = [], command, files } = parts;
  const { side } = network.levels.at(-1) as SlotsNetwork['levels'][number];
  const levels = network.levels.map((level) => ({
    side: level.side,
    candidates: level.candidates,
    width: level.width,
  }));
  return {
    format_version: FORMAT_VERSION,
    name,
    title: title ?? `${name}, ${side}×${side}`,
    description: `Imported from ${basename(path)}: ${levels.length} levels up to ${side}×${side} pixels`,
    licence,
    dataset: null,
    channels: 3,
    levels,
    condition: checkpoint.condition === null ? null : { kind: 'mean', channels: 1 },
    architecture: {
      type: 'pyramid-slots',
      start,
      levels: network.levels.map(({ widthIn, groups, epsilon, isUp, hasSkip, takesCondition }) => ({
        width_in: widthIn,
        groups,
        epsilon,
        is_up: isUp,
        has_skip: hasSkip,
        takes_condition: takesCondition,
      })),
    },
    graphs: {
      levels: network.levels.map((_, index) => levelFile(index)),
      decode: DECODE_FILE,
    },
    weights: WEIGHTS_FILE,
    text_models: textModels,
    made: { command, seed: 0, precision, trained_on: checkpoint.dataset },
    metrics: {},
    files,
  };
}
