/** The context passed to guides: files, models and pictures, within the limits of the engine. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { AskPerson, GuideContext, GuideModel } from '../../guide.ts';
import { decodePicture, type InTurn } from '../../pictures/codec.ts';
import { checkFiles } from '../../runtime/bundle-files.ts';
import { compareWithCpu, opener } from '../../runtime/comparison.ts';
import { type Device, isCompared } from '../../runtime/device.ts';
import { findModel } from '../../runtime/models.ts';
import { CPU, type SessionDevice } from '../../runtime/session-device.ts';
import { sessions } from '../../runtime/sessions.ts';
import type { NetworkInfo } from '../network/graph.ts';
import type { ResourceCache } from './resources.ts';

/** Services shared by the guides of all requests. */
export interface GuideServices {
  /** Folders of models. */
  readonly models: readonly string[];
  /** Whether a guide's parameters may name models by path: for the local user, not for remote requests. */
  readonly paths: boolean;
  readonly device: Device;
  readonly threads: number | undefined;
  readonly limitPixels: number | undefined;
  readonly allowedHosts: readonly string[];
  readonly timeoutSeconds: number;
  readonly shared: ResourceCache;
}

/** Runs long work of a request interleaved with that of others. */
export interface Turns {
  /** Runs part of a computation, of some ten milliseconds. */
  compute<T>(work: () => Promise<T>): Promise<T>;
  /** Decodes a picture. */
  readonly picture: InTurn;
}

/** For a request that has the process to itself. */
export const NO_TURNS: Turns = {
  async compute(work) {
    // A run blocks the thread; cancellation is processed between two runs.
    await breathe();
    return await work();
  },
  picture: (_, work) => work(),
};

/** Shared by the guides of one request. */
export interface GuideRequest {
  readonly info: NetworkInfo;
  /** Whether a prior decides where no guide does. */
  readonly hasPrior: boolean;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly notes: string[];
  readonly person: AskPerson | undefined;
  readonly turns: Turns;
}

/** The context of one guide in one request. */
export function guideContext(guide: string, services: GuideServices, request: GuideRequest): GuideContext {
  const { info, seed, signal, notes, person, turns } = request;
  const { device, threads, shared, limitPixels } = services;
  return {
    model: {
      name: info.name,
      channels: info.channels,
      finalSide: info.levels.at(-1)?.side ?? 0,
      levels: info.levels.length,
      textModels: info.textModels ?? [],
      perceptualModels: info.perceptualModels ?? [],
      hasPrior: request.hasPrior,
    },
    seed,
    signal,
    note: (message) => void notes.push(`${guide}: ${message}`),
    picture: (bytes, options) =>
      decodePicture(bytes, {
        name: `The picture for guide "${guide}"`,
        inTurn: turns.picture,
        ...(limitPixels === undefined ? {} : { limitPixels }),
        ...options,
      }),
    compute: (work) => turns.compute(work),
    folder: (nameOrPath) => folderOf(nameOrPath, services),
    open: (path) => openShared(path, services),
    shared: (key, make, dispose) => shared.get(`guide ${key}`, make, dispose),
    allowedHosts: services.allowedHosts,
    timeoutSeconds: services.timeoutSeconds,
    execution: {
      device: device.kind === 'cuda' ? device.kind : 'cpu',
      ...(device.cuda === null ? {} : { deviceId: device.cuda }),
      ...(threads === undefined ? {} : { threads }),
    },
    ...(person ? { person } : {}),
  };
}

async function folderOf(nameOrPath: string, { models, paths }: GuideServices): Promise<string> {
  const isPath = paths && /[/\\]/.test(nameOrPath);
  if (isPath && (await stat(nameOrPath).catch(() => null))?.isDirectory()) return resolve(nameOrPath);
  const { folder } = await findModel(nameOrPath, models, { paths });
  // Guides open the files in it themselves.
  await checkFiles(folder);
  return folder;
}

function openShared(path: string, { shared, device, threads }: GuideServices): Promise<GuideModel> {
  const open = async () => {
    const own = await deviceOf(path, device);
    const session = await sessions.open(path, { device: own, ...(threads === undefined ? {} : { threads }) });
    const names = (specs: readonly { readonly name: string }[]) => specs.map(({ name }) => name);
    return {
      inputs: names(session.inputs),
      outputs: names(session.outputs),
      run: (feeds: Parameters<GuideModel['run']>[0]) => session.run(feeds),
      release: () => session.release(),
    };
  };
  return shared.get(`graph ${resolve(path)}`, open, (model) => model.release());
}

/** A guide's graph runs on the CPU where the device computes other numbers, or cannot be compared with it. */
async function deviceOf(path: string, device: SessionDevice): Promise<SessionDevice> {
  if (!isCompared(device)) return device;
  return await compareWithCpu(opener(path), device).then(
    () => device,
    () => CPU,
  );
}
