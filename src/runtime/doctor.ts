/** Checks the installation, and suggests how to fix problems. */
import { availableParallelism, freemem } from 'node:os';
import { KandidError, toKandidError } from '../errors.ts';
import { decodePicture, encodePicture } from '../pictures/codec.ts';
import { checkBundle } from './bundle.ts';
import { type Device, type DeviceRequest, probeDevice, resolveDevice } from './device.ts';
import { bundleHash } from './manifest.ts';
import { type FoundModel, findModels } from './models.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** The finding. */
  readonly detail: string;
  /** What to do; also set if `ok` but something could be better. */
  readonly remedy: string | null;
}

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
  yield await checkDevice(device);
  yield* checkModels(models);
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

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  const detail = `${version}, ${availableParallelism()} cores`;
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

/** @param resolve resolves the device; replaced in tests */
export async function checkDevice(
  request: DeviceRequest,
  resolve: (request: string) => Promise<Device> = resolveDevice,
): Promise<Check> {
  const name = `device ${request}`;
  try {
    const { name: detail, fallback } = await resolve(request);
    if (fallback === null) return { name, ok: true, detail, remedy: null };
    const remedy = 'If this machine has an NVIDIA GPU: run "npm run setup:cuda", with CUDA 12 and cuDNN 9 installed.';
    return { name, ok: true, detail: `${detail}, because ${fallback}`, remedy };
  } catch (error) {
    return failed(name, error);
  }
}

export async function* checkModels(folders: readonly string[]): AsyncGenerator<Check> {
  const models = await findModels(folders);
  if (models.length === 0) {
    yield failed('models', new KandidError('models_missing', { folders: folders.join(', ') }));
    return;
  }
  for (const model of models) yield await checked(`model ${model.name}`, () => describe(model));
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

async function checked(name: string, check: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, detail: await check(), remedy: null };
  } catch (error) {
    return failed(name, error);
  }
}

/** Error messages end with a remedy: the first sentence is the finding, the rest the remedy. */
function failed(name: string, error: unknown): Check {
  const { message } = toKandidError(error);
  const end = message.search(/\. (?=[A-Z])/);
  const [detail, remedy] = end < 0 ? [message, null] : [message.slice(0, end + 1), message.slice(end + 2)];
  return { name, ok: false, detail, remedy };
}

/** Free memory of the machine, or within the container's limit if there is one. */
function availableMemory(): number {
  const limit = process.constrainedMemory();
  const free = freemem();
  return limit > 0 && limit < Number.MAX_SAFE_INTEGER ? Math.min(free, limit - process.memoryUsage.rss()) : free;
}
