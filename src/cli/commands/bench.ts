/** `kandid bench` */
import { cpus } from 'node:os';
import type { Command } from 'commander';
import { modelFolders } from '../../config.ts';
import type { Engine } from '../../engine/engine.ts';
import type { OpenModel } from '../../engine/models.ts';
import { KandidError } from '../../errors.ts';
import { measureClip } from '../../lab/bench/clip.ts';
import { measureLinear } from '../../lab/bench/linear.ts';
import { coldLoad } from '../../lab/bench/load.ts';
import { measurePeak } from '../../lab/bench/peak.ts';
import { measureDecoding, measureEncoding, measureText } from '../../lab/bench/speed.ts';
import { measureDeterminism, measureMemory } from '../../lab/bench/stability.ts';
import { BATCHES, measureSteps } from '../../lab/bench/steps.ts';
import { measureUnguided } from '../../lab/bench/unguided.ts';
import { CLUSTER_PART_NAMES, clusterJson, measureCluster } from '../bench/bench-cluster.ts';
import { figureLines, measureServer, PART_NAMES } from '../bench/bench-server.ts';
import type { Io } from '../io.ts';
import { addEngineOptions, type EngineFlags, settingsOf, withKandid } from '../options.ts';
import { progressOn } from '../progress.ts';
import { tableLines } from '../table.ts';
import { decimal, oneOf, whole } from '../values.ts';

interface Flags extends EngineFlags {
  readonly seconds: number;
  readonly memory?: number | true;
  readonly determinism?: boolean;
  readonly server?: boolean;
  readonly cluster?: boolean;
  readonly only?: string[];
  readonly quick?: boolean;
  readonly json?: boolean;
}

const MEMORY_DESCENTS = 1000;

export function addBench(program: Command, io: Io): void {
  const command = program
    .command('bench [model]')
    .summary('measure how fast a model runs here')
    .description('Measures loading, levels, encoding, decoding and words to pictures. Close other programs first.')
    .option('--seconds <s>', 'about how long each figure is measured', decimal('--seconds', 0, 600), 3)
    .option('--memory [n]', `only: resident memory over n descents (${MEMORY_DESCENTS})`, whole('--memory', 2, 1e6))
    .option('--determinism', 'only: check that codes are the same in every run and batch size')
    .option('--server', 'only: a server under load, in a separate process')
    .option('--cluster', 'only: gateways and workers with a Redis, killed and restarted (needs redis-server)')
    .option(
      '--only <parts>',
      `some of --server: ${PART_NAMES.join(', ')}; of --cluster: ${CLUSTER_PART_NAMES.join(', ')}`,
      partsOf,
    )
    .option('--quick', 'with --server and --cluster: shorter and less reliable')
    .option('--json', 'print the figures as JSON');
  addEngineOptions(command).action((model: string | undefined, flags: Flags) => run(model, flags, io));
}

type Figures = Record<string, unknown>;

async function run(given: string | undefined, flags: Flags, io: Io): Promise<void> {
  if (flags.server) return await runServer(given, flags, io);
  if (flags.cluster) return await runCluster(given, flags, io);
  await withKandid(flags, io, async ({ engine }) => {
    const opened = await engine.models.open(given ?? flags.model);
    const model = given ?? flags.model ?? opened.network.info.name;
    const figures = await measureAll(engine, model, flags, io);
    printFigures(aboutOf(opened, engine), figures, linesOf(figures), flags, io);
  });
}

/** The engine is closed before measuring: this process must load the server, not itself. */
async function runServer(given: string | undefined, flags: Flags, io: Io): Promise<void> {
  const about = await withKandid(flags, io, async ({ engine }) =>
    aboutOf(await engine.models.open(given ?? flags.model), engine),
  );
  const figures = await measureServer(about.model, flags, io);
  printFigures(about, { server: figures }, figureLines(figures), flags, io);
}

/** The cluster is measured with the smallest model, whose runs leave the processor to the rest. */
const CLUSTER_MODEL = 'tiny';

async function runCluster(given: string | undefined, flags: Flags, io: Io): Promise<void> {
  const about = await withKandid(flags, io, async ({ engine }) =>
    aboutOf(await engine.models.open(given ?? flags.model ?? CLUSTER_MODEL), engine),
  );
  const figures = await measureCluster(about.model, flags, io);
  printFigures(about, clusterJson(figures), figureLines([...figures.values()]), flags, io);
}

/** A comma-separated list of parts. */
function partsOf(text: string): string[] {
  const names = [...PART_NAMES, ...CLUSTER_PART_NAMES];
  return text.split(',').map((name) => oneOf('--only', names)(name.trim()));
}

type About = ReturnType<typeof aboutOf>;

function aboutOf({ network, bundle }: OpenModel, engine: Engine) {
  const [cpu] = cpus();
  return {
    model: network.info.name,
    hash: bundle.hash,
    device: engine.device.name,
    machine: { cpu: cpu?.model ?? 'unknown', cores: cpus().length, node: process.version },
  };
}

function printFigures(about: About, figures: Figures, lines: readonly string[], { json }: Flags, io: Io): void {
  const { model, hash, device, machine } = about;
  const head = `${model} (${hash.slice(0, 8)}) on ${device}, ${machine.cores} × ${machine.cpu}`;
  for (const line of json ? [JSON.stringify({ ...about, ...figures }, null, 2)] : [head, ...lines]) io.out(line);
}

async function measureAll(engine: Engine, model: string, flags: Flags, io: Io): Promise<Figures> {
  const progress = progressOn(io);
  try {
    if (flags.determinism || flags.memory !== undefined) {
      const determinism = flags.determinism
        ? await measureDeterminism(engine, model, io.signal, (done, of) => progress.update(done, of, 'determinism'))
        : undefined;
      const descents = flags.memory === true ? MEMORY_DESCENTS : flags.memory;
      const memory =
        descents === undefined
          ? undefined
          : await measureMemory(engine, model, descents, io.signal, (done, of) => progress.update(done, of, 'memory'));
      return { ...(determinism && { determinism }), ...(memory && { memory }) };
    }
    return await speed(engine, model, flags, io, (done, of, label) => progress.update(done, of, label));
  } finally {
    progress.stop();
  }
}

async function speed(
  engine: Engine,
  model: string,
  flags: Flags,
  io: Io,
  progress: (done: number, of: number, label: string) => void,
): Promise<Figures> {
  const { seconds } = flags;
  const folders = modelFolders(settingsOf(flags, io));
  const { network, bundle } = await engine.models.open(model);
  const parts: [string, () => Promise<unknown>][] = [
    ...BATCHES.map((batch): [string, () => Promise<unknown>] => [
      `step ${batch}`,
      () => measureSteps(network, batch, seconds),
    ]),
    ['linear', () => measureLinear(network, seconds)],
    ['peak', () => measurePeak(network, bundle, seconds)],
    ['encode', () => measureEncoding(engine, model, seconds)],
    ['decode', () => measureDecoding(engine, model, seconds)],
    ['unguided', () => measureUnguided(engine, model, seconds)],
    ['text', () => measureText(engine, model, seconds)],
    ['clip_64', () => measureClip(folders, seconds)],
    // Last: while other processes load, this one is idle, and V8 then collects garbage more often for a while.
    ['load', () => coldLoad(folders, model, engine.device.name)],
  ];
  const figures: Figures = {};
  const step: Figures = {};
  for (const [i, [name, measure]] of parts.entries()) {
    if (io.signal.aborted) throw new KandidError('cancelled', { when: `before ${name} was measured` });
    progress(i, parts.length, name);
    const [kind = name, batch] = name.split(' ');
    if (batch === undefined) figures[kind] = await measure();
    else {
      step[batch] = await measure();
      figures.step = step;
    }
  }
  return figures;
}

/** One line per figure, with its path. */
function linesOf(figures: Figures): string[] {
  const rows: string[][] = [];
  const walk = (value: unknown, path: readonly string[]) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const [name, inner] of Object.entries(value)) walk(inner, [...path, name]);
    else rows.push([path.join(' '), Array.isArray(value) ? value.join(', ') : String(value)]);
  };
  walk(figures, []);
  return tableLines(['figure', 'value'], rows).slice(1);
}
