/** `kandid setup-cuda`, which `npm run setup:cuda` runs. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { KandidError } from '../../errors.ts';
import { Connection } from '../../hub/connection.ts';
import { indexSettings } from '../../hub/cuda/index-address.ts';
import { LOCK } from '../../hub/cuda/lock.ts';
import {
  checkPlatform,
  cudaCache,
  getAll,
  setFolder,
  setUpCuda,
  whatIsWrong,
  wheelFolder,
} from '../../hub/cuda/setup.ts';
import { fromFolder, fromIndex, type WheelSource } from '../../hub/cuda/wheel-source.ts';
import {
  type InstalledRuntime,
  installedRuntime,
  missingForCuda,
  PROVIDER_FILES,
  providerSet,
} from '../../runtime/cuda/provider.ts';
import type { Io } from '../io.ts';
import { progressOn } from '../progress.ts';

interface Flags {
  readonly check?: boolean;
  readonly wheels?: string;
  readonly fetch?: string;
  readonly index?: string;
  readonly cache?: string;
  readonly nuget?: boolean;
}

export function addSetupCuda(program: Command, io: Io): void {
  program
    .command('setup-cuda', { hidden: true })
    .summary('fetch what device cuda needs, except the NVIDIA driver')
    .description(
      "Fetches ONNX Runtime's CUDA provider and NVIDIA's libraries (1.4 GB; 2 GB on disk) from a package index of Python's, " +
        'verifies them by locked hashes, and links them into ONNX Runtime. It needs neither Python nor an installed CUDA; ' +
        'an interrupted download resumes. Linux on x64 only.',
    )
    .option('--check', 'only tell what is there')
    .option('--wheels <dir>', 'take the wheels from this folder, without a network')
    .option('--fetch <dir>', 'only download the wheels into this folder, for --wheels elsewhere')
    .option('--index <url>', "package index (default: PIP_INDEX_URL, else pip's)")
    .option('--cache <dir>', 'folder for the libraries (default: KANDID_CUDA, else kandid/cuda in your cache folder)')
    .option('--nuget', "ONNX Runtime's own download from NuGet instead, with the CUDA 13 and cuDNN 9 of the system")
    .action((flags: Flags) => run(flags, io));
}

async function run(flags: Flags, io: Io): Promise<void> {
  const runtime = installedRuntime();
  if (flags.fetch === undefined) checkPlatform();
  const cache = flags.cache ?? cudaCache(io.environment);
  if (flags.check) return await check(setFolder(cache, LOCK), io);
  if (flags.nuget) return await fromNuget(runtime, io);
  const connection =
    flags.wheels === undefined ? new Connection(await indexSettings(flags.index, io.environment)) : null;
  const { update, stop } = progressOn(io);
  let last = '';
  const progress = (done: number, total: number, doing: string) => {
    update(Math.floor((100 * done) / total), 100, `% ${doing}`);
    if (io.terminal === null && doing !== last) io.err(doing);
    last = doing;
  };
  try {
    const source = sourceOf(flags, connection, cache, io);
    const options = { cache, lock: LOCK, source, runtime, signal: io.signal, progress };
    if (flags.fetch !== undefined) {
      await getAll(options);
      stop();
      io.out(`The wheels are in ${flags.fetch}. Elsewhere: npm run setup:cuda -- --wheels ${flags.fetch}`);
      return;
    }
    const { folder, isNew } = await setUpCuda(options);
    stop();
    io.out(`The CUDA libraries ${isNew ? 'are' : 'were already'} in ${folder}`);
    await tellRest(io);
  } finally {
    stop();
    await connection?.close();
  }
}

function sourceOf({ wheels = '', fetch }: Flags, connection: Connection | null, cache: string, io: Io): WheelSource {
  return connection ? fromIndex(connection, fetch ?? wheelFolder(cache), { signal: io.signal }) : fromFolder(wheels);
}

/** @throws {KandidError} cuda_missing */
async function check(folder: string, io: Io): Promise<void> {
  const problem = await missingForCuda(false);
  const set = await providerSet().catch(() => null);
  if (set) for (const [name, version] of Object.entries(set.packages)) io.out(`${name} ${version}`);
  const damage = set ? await whatIsWrong(set.folder) : null;
  const wrong = problem ?? damage;
  if (wrong !== null) throw new KandidError('cuda_missing', { problem: wrong });
  io.out(`The CUDA libraries are ${set ? `in ${set.folder}` : `the system's; not ${folder}`}`);
  await tellRest(io);
}

/** What setting up cannot bring, and what it cannot tell. */
async function tellRest(io: Io): Promise<void> {
  const missing = await missingForCuda();
  if (missing !== null) io.out(`Still missing: ${missing}.`);
  io.out('"kandid doctor" tells whether the GPU computes.');
}

/** The script of the npm package, which `.npmrc` keeps from running on install. @throws {KandidError} cuda_missing */
async function fromNuget({ folder, providers }: InstalledRuntime, io: Io): Promise<void> {
  // "cuda12" is documented too, but is taken as unset in 1.30.
  const env = { ...io.environment, ONNXRUNTIME_NODE_INSTALL: 'true' };
  const install = join(folder, 'script', 'install.js');
  const { status } = spawnSync(process.execPath, [install], { cwd: folder, env, stdio: 'inherit' });
  const missing = PROVIDER_FILES.filter((file) => !existsSync(join(providers, file)));
  if (missing.length > 0) {
    const left = `the download ended with status ${status} and left these missing: ${missing.join(', ')}`;
    const problem = `${left} (behind a proxy, set GLOBAL_AGENT_HTTPS_PROXY)`;
    throw new KandidError('cuda_missing', { problem });
  }
  io.out(`The CUDA provider is in ${providers}. It needs CUDA 13 and cuDNN 9 of the system.`);
}
