/** Checks the installation, and suggests how to fix problems. */
import { availableParallelism, freemem } from 'node:os';
import { KandidError } from '../errors.ts';
import { decodePicture, encodePicture } from '../pictures/codec.ts';
import { checkBundle } from './bundle.ts';
import { type Check, checked, failed } from './check.ts';
import { compareWithCpu, opener, percent } from './comparison.ts';
import { awkwardConvolutions } from './convolution.ts';
import { checkCuda } from './cuda/versions.ts';
import { type Device, type DeviceRequest, probeDevice, resolveDevice } from './device.ts';
import { bundleHash } from './manifest.ts';
import { type Compare, compareModel, sampleGraphs } from './model-comparison.ts';
import { type FoundModel, findModels } from './models.ts';
import { deviceName, type SessionDevice } from './session-device.ts';

export type { Check };

export interface DoctorOptions {
  /** Folders searched for models. */
  readonly models: readonly string[];
  /** @default 'auto' */
  readonly device?: DeviceRequest;
}

/** Runs all checks, one after the other; a failing one does not stop the others. */
export async function* examine({ models, device = 'auto' }: DoctorOptions): AsyncGenerator<Check> {
  yield checkNode(process.versions.node);
  yield checkMemory(availableMemory());
  yield await checkSharp();
  yield await checkRuntime();
  const found = await checkDevice(device);
  yield found.check;
  if (device === 'auto' || device.startsWith('cuda')) yield* checkCuda(device);
  yield* checkModels(models, found.device);
  yield await checkClips(models);
}

/** Names of the checks that `examine` will make, for aligning the output. */
export async function checkNames({ models, device = 'auto' }: DoctorOptions): Promise<string[]> {
  const found = await findModels(models);
  return [
    'Node.js',
    'memory',
    'sharp',
    'ONNX Runtime',
    `device ${device}`,
    'CUDA',
    ...found.map(({ name }) => `model ${name}`),
    'CLIPs',
  ];
}

/** Checks which text models are installed, and how to get one with a larger vocabulary. */
export async function checkClips(folders: readonly string[]): Promise<Check> {
  const clips = (await findModels(folders)).filter(({ manifest }) => manifest?.kind === 'clip').map(({ name }) => name);
  const detail = clips.length > 0 ? clips.join(', ') : 'none: words cannot steer any model';
  const remedy = clips.some((name) => name !== OWN_CLIP)
    ? null
    : `${OWN_CLIP} knows the words of avatars only: "kandid pull clip-vit-base-patch32" fetches one for any words.`;
  return { name: 'CLIPs', ok: true, detail, remedy };
}

const OWN_CLIP = 'avatars-clip';

const OLDEST_NODE = [20, 9] as const;
/** Oldest release line that Node.js maintains. */
const MAINTAINED_NODE = 22;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const detail = `${version}, ${availableParallelism()} cores${major < MAINTAINED_NODE ? `; past its end of life: ${MAINTAINED_NODE} or later gets security fixes` : ''}`;
  return { name: 'Node.js', ok, detail, remedy: ok ? null : `Install Node.js ${OLDEST_NODE.join('.')} or later.` };
}

/** Approximate memory for a bundle of 20 MB, its candidates for a batch, and CLIP. */
const ENOUGH_MEMORY = 2 ** 30;

/** @param bytes free memory for this process */
export function checkMemory(bytes: number): Check {
  const ok = bytes >= ENOUGH_MEMORY;
  const remedy = ok ? null : 'Stop other programs or raise the limit of the container; 1 GiB is enough for one worker.';
  return { name: 'memory', ok, detail: `${(bytes / 2 ** 30).toFixed(1)} GiB free`, remedy };
}

export async function checkSharp(): Promise<Check> {
  return await checked('sharp', async () => {
    const white = { data: Float32Array.of(1, 1, 1), channels: 3, width: 1, height: 1 };
    await decodePicture(await encodePicture(white, 'webp'));
    return 'encodes and decodes';
  });
}

async function checkRuntime(): Promise<Check> {
  return await checked('ONNX Runtime', async () => {
    await probeDevice({});
    return 'runs on the CPU';
  });
}

export interface DeviceTools {
  readonly resolve: (request: string) => Promise<Device>;
  readonly compare: Compare;
}

const TOOLS: DeviceTools = { resolve: resolveDevice, compare: compareWithCpu };

/**
 * Resolves the device, and compares convolutions on it with the CPU's.
 *
 * @param tools replaced in tests
 * @returns the device too; null if it does not work
 */
export async function checkDevice(
  request: DeviceRequest,
  { resolve, compare }: DeviceTools = TOOLS,
): Promise<{ readonly check: Check; readonly device: Device | null }> {
  const name = `device ${request}`;
  try {
    const device = await resolve(request);
    const { kind, fallback } = device;
    const remedy = fallback === null ? null : 'If this machine has an NVIDIA GPU: run "npm run setup:cuda".';
    const because = fallback === null ? '' : `, because ${fallback}`;
    const convolutions = opener(awkwardConvolutions(), 'convolutions');
    const apart =
      kind === 'cpu' ? '' : `, 3×3 convolutions ${percent(await compare(convolutions, device))} from the CPU's`;
    return { check: { name, ok: true, detail: `${device.name}${because}${apart}`, remedy }, device };
  } catch (error) {
    return { check: failed(name, error), device: null };
  }
}

/**
 * @param device graphs of each model are compared on it; on the CPU, or null: none
 * @param compare replaced in tests
 */
export async function* checkModels(
  folders: readonly string[],
  device: SessionDevice | null = null,
  compare: Compare = compareWithCpu,
): AsyncGenerator<Check> {
  const models = await findModels(folders);
  if (models.length === 0) {
    yield failed('models', new KandidError('models_missing', { folders: folders.join(', ') }));
    return;
  }
  for (const model of models)
    yield await checked(`model ${model.name}`, async () => {
      const found = await describe(model);
      const graphs = sampleGraphs(model);
      if (device === null || device.kind === 'cpu' || graphs.length === 0) return found;
      const apart = await compareModel(model, device, compare);
      return `${found}; ${graphs.join(', ')} on ${deviceName(device)} ${percent(apart)} from the CPU's`;
    });
}

/** Verifies every hash and opens every graph, in temporary sessions. */
async function describe({ folder, manifest, error }: FoundModel): Promise<string> {
  if (error) throw error;
  if (!manifest) throw new Error('no manifest and no error');
  const begun = performance.now();
  await checkBundle(folder);
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  return `${manifest.kind}, ${(bytes / 1e6).toFixed(1)} MB, hash ${bundleHash(manifest).slice(0, 8)}, checked in ${seconds} s`;
}

/** Free memory of the machine, or within the container's limit if there is one. */
function availableMemory(): number {
  const limit = process.constrainedMemory();
  const free = freemem();
  return limit > 0 && limit < Number.MAX_SAFE_INTEGER ? Math.min(free, limit - process.memoryUsage.rss()) : free;
}
