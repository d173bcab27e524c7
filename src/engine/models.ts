/** The models of an engine: found by name, opened on first use, kept open. */

import { bitsOf } from '../contract/codes.ts';
import { KandidError } from '../errors.ts';
import type { LexiconParts } from '../kit/lexicon.ts';
import { readLexicon } from '../kit/lexicon-files.ts';
import { type Bundle, loadBundle } from '../runtime/bundle.ts';
import { type Device, isCompared } from '../runtime/device.ts';
import { bundleHash, type PyramidManifest } from '../runtime/manifest.ts';
import { compareModel } from '../runtime/model-comparison.ts';
import { type FoundModel, findModel, findModels } from '../runtime/models.ts';
import type { StoredTensor } from '../runtime/safetensors.ts';
import { CPU, type SessionDevice } from '../runtime/session-device.ts';
import { Fused } from './network/fused.ts';
import type { NetworkInfo } from './network/graph.ts';
import { LARGE_RUN_BYTES, Network } from './network/network.ts';
import { Prior } from './network/prior.ts';

/** Description of a model. */
export interface ModelSummary {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** sha256 of the bundle's files, 64 hexadecimal digits; the first 8 name it in permalinks. */
  readonly hash: string;
  readonly channels: 1 | 3;
  /** Of the finished picture, in pixels. */
  readonly side: number;
  readonly levels: readonly { readonly side: number; readonly candidates: number }[];
  /** Length of its codes. */
  readonly bits: number;
  readonly condition: { readonly kind: string; readonly channels: number } | null;
  /** Text models that know its pictures, best first: words can steer it. */
  readonly textModels: readonly string[];
  readonly licence: PyramidManifest['licence'];
  /** Whether it knows which choices are likely (`sampler.prior`). */
  readonly hasPrior: boolean;
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** A model that is open. */
export interface OpenModel {
  readonly network: Network;
  readonly bundle: Bundle;
}

export interface ModelsOptions {
  readonly folders: readonly string[];
  /** Whether a model may be named by path. */
  readonly paths: boolean;
  /** @default the one that comes with Kandid; without it, the first by name that was trained and needs no condition */
  readonly defaultModel?: string | undefined;
  readonly device: Device;
  readonly threads?: number | undefined;
  /** Compares a model on a device that nothing is known of with the CPU; replaced in tests. @default compareModel */
  readonly compare?: typeof compareModel;
}

/** Where the graphs of a model run. */
interface ComputeOptions {
  readonly device: SessionDevice;
  readonly threads?: number | undefined;
}

/** The model of requests that name none, where nothing else is set; its name, so that a model added to it changes nothing. */
const SHIPPED_MODEL = 'avatars-256';

export class Models {
  readonly #options: ModelsOptions;
  readonly #open = new Map<string, Promise<OpenModel>>();
  #found: readonly FoundModel[];

  private constructor(options: ModelsOptions, found: readonly FoundModel[]) {
    this.#options = options;
    this.#found = found;
  }

  static async find(options: ModelsOptions): Promise<Models> {
    return new Models(options, await findModels(options.folders));
  }

  /**
   * Looks again for bundles that came or went. One that is open stays as it was opened.
   *
   * @returns whether anything has changed
   */
  async look(): Promise<boolean> {
    const now = await findModels(this.#options.folders);
    const kept = now.map((one) =>
      this.#open.has(one.name) ? (this.#found.find(({ name }) => name === one.name) ?? one) : one,
    );
    const told = (models: readonly FoundModel[]) =>
      JSON.stringify(models.map(({ folder, manifest }) => [folder, manifest]));
    const hasChanged = told(kept) !== told(this.#found);
    this.#found = kept;
    return hasChanged;
  }

  /** Those that make pictures, in order of name; a bundle that cannot be read is left out (`kandid doctor` names it). */
  summaries(): ModelSummary[] {
    return this.#found.flatMap(({ name, manifest }) =>
      manifest?.kind === 'pyramid' ? [summaryOf(name, manifest)] : [],
    );
  }

  /** Of each model, by name: bytes that one beam of a result takes at most between two levels: features before and after, and pictures. */
  beamBytes(): Record<string, number> {
    const all = this.#found.flatMap(({ name, manifest }) => {
      if (manifest?.kind !== 'pyramid') return [];
      const { channels, levels } = manifest;
      return [[name, Math.max(...levels.map(({ side, width }) => 4 * side * side * (2 * width + 4 * channels)))]];
    });
    return Object.fromEntries(all);
  }

  /** Of each text model that knows certain words alone, by name. */
  async lexicons(): Promise<Record<string, LexiconParts>> {
    const clips = this.#found.filter(({ manifest }) => manifest?.kind === 'clip');
    // Read errors are reported when the guide is requested.
    const read = clips.map(async ({ name, folder }) => [name, await readLexicon(folder).catch(() => null)] as const);
    return Object.fromEntries((await Promise.all(read)).flatMap(([name, parts]) => (parts ? [[name, parts]] : [])));
  }

  /**
   * Opens a model, once for all who ask.
   *
   * @throws {KandidError} model_unknown, model_kind, models_missing, bundle_*, graph_unreadable, device_differs
   */
  async open(name: string = this.defaultName): Promise<OpenModel> {
    return await this.#once(name, () => this.#load(name, this.#options));
  }

  /**
   * Like `open`, on one CPU thread: ONNX Runtime rounds differently with another number of threads or on another device.
   *
   * @throws {KandidError} what `open` throws
   */
  async openReproducible(name: string = this.defaultName): Promise<OpenModel> {
    return await this.#once(`${name}, one thread`, () => this.#load(name, { device: CPU, threads: 1 }));
  }

  async #once(key: string, load: () => Promise<OpenModel>): Promise<OpenModel> {
    const known = this.#open.get(key);
    if (known) return await known;
    const opening = load();
    this.#open.set(key, opening);
    opening.catch(() => this.#open.delete(key));
    return await opening;
  }

  async close(): Promise<void> {
    const opened = [...this.#open.values()];
    this.#open.clear();
    for (const opening of opened) {
      const model = await opening.catch(() => null);
      await model?.bundle.release();
    }
  }

  /** Of requests that name none. @throws {KandidError} models_missing */
  get defaultName(): string {
    const { defaultModel, folders } = this.#options;
    if (defaultModel !== undefined) return defaultModel;
    if (this.#found.some(({ name }) => name === SHIPPED_MODEL)) return SHIPPED_MODEL;
    const pyramids = this.#found.filter(({ manifest }) => manifest?.kind === 'pyramid');
    const trained = pyramids.filter(({ manifest }) => Number(manifest?.made?.steps ?? 1) > 0);
    const unconditional = trained.find(({ manifest }) => manifest?.kind === 'pyramid' && !manifest.condition);
    const chosen = unconditional ?? trained[0] ?? pyramids[0];
    if (!chosen) throw new KandidError('models_missing', { folders: folders.join(', ') || 'no folder' });
    return chosen.name;
  }

  async #load(name: string, { device, threads }: ComputeOptions): Promise<OpenModel> {
    const { folders, paths } = this.#options;
    const { folder } = await findModel(name, folders, { paths, kind: 'pyramid' });
    const bundle = await loadBundle(folder, { device, ...(threads === undefined ? {} : { threads }) });
    if (isCompared(device)) await this.#compareOrRelease(bundle, device);
    const info = networkInfoOf(bundle.name, bundle.manifest);
    const runBytes = device.kind === 'cpu' ? undefined : LARGE_RUN_BYTES;
    const graphs = await bundle.prior();
    const prior = graphs && new Prior(info, graphs, bundle.manifest.architecture.type === 'recurrent');
    const fused = await fusedOf(bundle);
    return { network: new Network(info, bundle.levels, bundle.decode, { prior, fused, runBytes }), bundle };
  }

  /** @throws {KandidError} device_differs: no pictures are better than wrong ones */
  async #compareOrRelease(bundle: Bundle, device: SessionDevice): Promise<void> {
    const { compare = compareModel } = this.#options;
    try {
      await compare(bundle, device);
    } catch (error) {
      await bundle.release();
      throw error;
    }
  }
}

/** What chooses without drawing; null where the bundle's graphs do not allow it. */
export async function fusedOf(bundle: Bundle): Promise<Fused | null> {
  const graphs = await bundle.fused();
  if (!graphs) return null;
  return new Fused({
    graphs,
    nodes: async (level) => {
      const { tensor } = graphs.sizes[level] as (typeof graphs.sizes)[number];
      return (await bundle.tensors([tensor])).get(tensor) as StoredTensor;
    },
  });
}

/** What the engine needs of a bundle's manifest. */
export function networkInfoOf(
  name: string,
  { channels, condition, levels, text_models: textModels, perceptual_models: perceptualModels }: PyramidManifest,
): NetworkInfo {
  return {
    name,
    channels,
    condition,
    textModels,
    perceptualModels,
    levels: levels.map(({ side, candidates, width }) => ({ side, candidateCount: candidates, width })),
  };
}

function summaryOf(name: string, manifest: PyramidManifest): ModelSummary {
  const { title, description, channels, condition, licence, metrics } = manifest;
  const levels = manifest.levels.map(({ side, candidates }) => ({ side, candidates }));
  return {
    name,
    title,
    description,
    hash: bundleHash(manifest),
    channels,
    side: levels.at(-1)?.side ?? 0,
    levels,
    bits: levels.reduce((sum, { candidates }) => sum + bitsOf(candidates), 0),
    condition,
    hasPrior: manifest.prior !== undefined,
    textModels: manifest.text_models,
    licence,
    metrics,
  };
}
