/** Options that several commands share. */
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { loadSettings, modelFolders, type SettingFlags, type Settings } from '../config.ts';
import type { BeamSchedule } from '../contract/beams.ts';
import type { ParticleSchedule } from '../contract/particles.ts';
import { BLENDS, type BlendKind } from '../contract/requests.ts';
import type { TemperatureSchedule } from '../engine/search/sampler.ts';
import { Kandid } from '../index.ts';
import { DEVICE_CHOICES } from '../runtime/device.ts';
import type { Io } from './io.ts';
import { beams, decimal, type GuideSpec, guideSpec, oneOf, particles, several, temperatures, whole } from './values.ts';

export interface EngineFlags {
  readonly model?: string;
  readonly models?: string[];
  readonly guides?: string[];
  readonly device?: string;
  readonly threads?: number;
  readonly allowHost?: string[];
  readonly guideTimeout?: number;
}

export function addEngineOptions(command: Command): Command {
  return command
    .option('-m, --model <name>', 'model, by name or path (default: KANDID_DEFAULT_MODEL, else avatars-256)')
    .option('--models <dir>', 'folder of models, searched first (repeatable)', several)
    .option('--guides <dir>', 'folder of your own guides (repeatable)', several)
    .option('--device <device>', DEVICE_CHOICES)
    .option('--threads <n>', 'threads of one run on the CPU', whole('--threads', 1, 1024))
    .option('--allow-host <host>', 'host that the http guide may call (repeatable)', several)
    .option('--guide-timeout <s>', 'seconds a guide may take to answer', decimal('--guide-timeout', 0.001, 86_400));
}

/** Opens Kandid for `work`, and closes it afterwards in any case. */
export async function withKandid<T>(flags: EngineFlags, io: Io, work: (kandid: Kandid) => Promise<T>): Promise<T> {
  const settings = settingsOf(flags, io);
  warnOfFolders(settings, io);
  const kandid = await Kandid.open({
    models: modelFolders(settings),
    guides: settings.guides,
    defaultModel: settings.defaultModel,
    device: settings.device,
    threads: settings.threads,
    allowedHosts: settings.allowedHosts,
    guideTimeoutSeconds: settings.guideTimeout,
    limitPixels: settings.limitPixels,
  });
  try {
    return await work(kandid);
  } finally {
    await kandid.close();
  }
}

/** Warns of model folders that do not exist, most likely typing errors. */
export function warnOfFolders({ models }: Pick<Settings, 'models'>, io: Io): void {
  for (const folder of models)
    if (!existsSync(folder))
      io.err(`There is no folder ${folder} (--models, KANDID_MODELS): no models are loaded from it.`);
}

export function settingsOf(
  { models, guides, device, threads, allowHost, guideTimeout }: EngineFlags,
  io: Io,
): Settings {
  const flags: SettingFlags = { models, guides, device, threads, allowedHosts: allowHost, guideTimeout };
  return loadSettings(flags, io.environment);
}

export interface SamplerFlags {
  readonly count?: number;
  readonly seed?: number;
  readonly top?: number;
  readonly temperature?: TemperatureSchedule;
  readonly prior?: number;
  readonly beams?: BeamSchedule;
  readonly particles?: ParticleSchedule;
  readonly blend?: BlendKind;
  readonly guide?: GuideSpec[];
  readonly condition?: string;
}

export function addSamplerOptions(command: Command): Command {
  return command
    .option('-n, --count <n>', 'number of pictures, all different', whole('--count', 1, 256))
    .option('-s, --seed <n>', 'same seed, same pictures (default: random)', seed)
    .option('-g, --guide <guide>', 'name:weight:{"param": …}, repeatable; "@FILE" is a file', guides)
    .option('--top <n>', 'choose among the best n at each level', whole('--top', 1, 65_536))
    .option('--temperature <t>', 'draw from a softmax: 0 the best, 1 varied; or by side 4:1,64:.4', temperatures)
    .option('--beams <beams>', 'descents kept: 16, or by side 4:16,8:8', beams)
    .option('--particles <n>', 'descents per picture, of which the best is kept: 4, or by side 4:4,8:1.5', particles)
    .option('--prior <w>', 'weight of the likeness to training pictures; 0: none', decimal('--prior', 0, 100))
    .option('--condition <file>', 'picture that a conditional model starts from')
    .addOption(
      new Option('--blend <blend>', `how guides are combined: ${BLENDS.join(', ')}`).argParser(
        oneOf('--blend', BLENDS),
      ),
    );
}

const seed = whole('--seed', 0, Number.MAX_SAFE_INTEGER);

function guides(text: string, before: readonly GuideSpec[] = []): GuideSpec[] {
  return [...before, guideSpec(text)];
}

/** Flags of commands that accept a picture of any size and shape. */
export interface WholeFlags {
  readonly whole: boolean;
  readonly window?: number;
}

export function addWholeOptions(command: Command, what: string): Command {
  return command
    .option('--no-whole', `the model's own square picture instead of ${what}`)
    .option(
      '--window <px>',
      'side of the squares that are processed, in pixels of the picture',
      whole('--window', 4, 8192),
    );
}

export interface OutputFlags {
  readonly out?: string;
  readonly grid?: boolean;
  readonly animate?: string;
  readonly enlarge?: number;
  readonly json?: boolean;
}

export function addOutputOptions(command: Command): Command {
  return command
    .option('-o, --out <path>', 'picture (.png .webp .jpg .avif), folder, or - for standard output')
    .option('--grid', 'all pictures as one')
    .option('--animate <file>', 'the descent as an animation (.webp or .gif)')
    .option('--enlarge <n>', 'make every pixel n × n', whole('--enlarge', 1, 64))
    .option('--json', 'print the result as JSON');
}

/** The sampler's flags as request fields. */
export function samplerOf({ top, temperature, prior, particles, beams: schedule }: SamplerFlags) {
  return {
    ...(top === undefined ? {} : { top }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(prior === undefined ? {} : { prior }),
    ...(particles === undefined ? {} : { particles }),
    ...(schedule === undefined ? {} : { beams: schedule as number | number[] | Record<string, number> }),
  };
}
