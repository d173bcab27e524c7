/** Engine settings. Precedence: flags, environment variables, file, defaults. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { GUIDE_TIMEOUT_SECONDS } from './contract/requests.ts';
import { KandidError } from './errors.ts';
import { firstIssue } from './kit/issues.ts';
import { DEFAULT_LIMIT_PIXELS } from './pictures/codec.ts';
import { DEVICE_CHOICES, DEVICE_PATTERN, type DeviceRequest } from './runtime/device.ts';

/**
 * Node.js options of an inference process.
 *
 * Each run of a graph allocates large outputs, which triggers V8's garbage collector although there is little to collect: its
 * helper threads compete with ONNX Runtime. Measured on two cores, 8 descents at once: 49 ms per picture instead of 55.
 */
export const INFERENCE_OPTIONS: readonly string[] = ['--single-threaded-gc'];

/** An array of strings, or one string with separators. */
export const list = (separator: string) =>
  z.union([
    z.array(z.string()),
    z.string().transform((text) =>
      text
        .split(separator)
        .map((part) => part.trim())
        .filter(Boolean),
    ),
  ]);

export const engineSettings = z.object({
  /** Folders searched for models before the bundled ones. */
  models: list(delimiter).default([]),
  /** Folders searched for guides in addition to the built-in ones. */
  guides: list(delimiter).default([]),
  /** Model of requests that name none. @default the bundled avatars-256 */
  defaultModel: z.string().min(1, 'a name').optional(),
  device: z
    .string()
    .regex(DEVICE_PATTERN, DEVICE_CHOICES)
    .transform((device) => device as DeviceRequest)
    .default('auto'),
  /** CPU threads of one run. @default chosen by the runtime */
  threads: z.coerce
    .number('a whole number')
    .int('a whole number')
    .min(1, '1 or more')
    .max(1024, '1024 or less')
    .optional(),
  /** Hosts that guides may call, as `host` or `host:port`. */
  allowedHosts: list(',').default([]),
  /** Time limit of one call of a guide, in seconds. */
  guideTimeout: z.coerce
    .number('a number of seconds')
    .positive('more than 0')
    .max(86_400, '86400 or less')
    .default(GUIDE_TIMEOUT_SECONDS),
  /** Largest number of pixels of an input picture. */
  limitPixels: z.coerce
    .number('a whole number')
    .int('a whole number')
    .min(1, '1 or more')
    .max(2 ** 30, `${2 ** 30} or less`)
    .default(DEFAULT_LIMIT_PIXELS),
});

export type Settings = z.output<typeof engineSettings>;
/** Settings as flags; undefined ones fall back to the environment. */
export type SettingFlags = { [Name in keyof z.input<typeof engineSettings>]?: unknown };

export const VARIABLES: Readonly<Record<keyof Settings, string>> = {
  models: 'KANDID_MODELS',
  guides: 'KANDID_GUIDES',
  defaultModel: 'KANDID_DEFAULT_MODEL',
  device: 'KANDID_DEVICE',
  threads: 'KANDID_THREADS',
  allowedHosts: 'KANDID_ALLOWED_HOSTS',
  guideTimeout: 'KANDID_GUIDE_TIMEOUT',
  limitPixels: 'KANDID_LIMIT_PIXELS',
};

/** Sources of settings, in order of precedence. */
export interface SettingSources {
  /** From the command line or the library's caller. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** @default process.env */
  readonly environment?: NodeJS.ProcessEnv;
  readonly file?: { readonly name: string; readonly values: Readonly<Record<string, unknown>> };
  /** Names of settings whose values no message tells. @default none */
  readonly secrets?: readonly string[];
}

/**
 * @param flags from the command line or the library's caller
 * @throws {KandidError} setting_invalid, naming the flag or variable
 */
export function loadSettings(flags: SettingFlags = {}, environment: NodeJS.ProcessEnv = process.env): Settings {
  return readSettings(engineSettings, VARIABLES, { flags, environment });
}

/** @throws {KandidError} setting_invalid, naming the flag, variable or entry of the file */
export function readSettings<Schema extends z.ZodType>(
  settings: Schema,
  variables: Readonly<Record<string, string>>,
  { flags = {}, environment = process.env, file, secrets = [] }: SettingSources,
): z.output<Schema> {
  const given: Record<string, unknown> = {};
  const calledBy: Record<string, string> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const places = [
      [name, flags[name]],
      [variable, environment[variable] || undefined],
      [`${name} in ${file?.name}`, file?.values[name]],
    ] as const;
    const found = places.find(([, value]) => value !== undefined);
    if (!found) continue;
    [calledBy[name], given[name]] = found;
  }
  const parsed = settings.safeParse(given);
  if (parsed.success) return parsed.data;
  const { field, problem } = firstIssue(parsed.error);
  const name = String(field.split('.')[0]);
  throw new KandidError('setting_invalid', {
    name: calledBy[name] ?? name,
    got: secrets.includes(name) ? 'not shown' : (JSON.stringify(given[name])?.slice(0, 100) ?? 'missing'),
    expected: problem,
  });
}

/** Root folder of the installed package, which holds package.json. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

interface PackageManifest {
  readonly version: string;
  /** Version range of each optional package, by name. */
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The package.json of the installed package. */
export function packageManifest(): PackageManifest {
  return JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as PackageManifest;
}

/** Version of the installed package. */
export function packageVersion(): string {
  return packageManifest().version;
}

/** Folders to search for models, in order: the configured ones, the user's own, then the bundled one. */
export function modelFolders({ models }: Pick<Settings, 'models'>, environment = process.env): string[] {
  return [...models, userModelsFolder(environment), join(packageFolder(), 'models')];
}

/** Folder that new models go into where none is configured: beside other programs' data of the user. */
export function userModelsFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment.HOME || homedir();
  const data = {
    win32: environment.LOCALAPPDATA || join(home, 'AppData', 'Local'),
    darwin: join(home, 'Library', 'Application Support'),
  };
  const folder =
    data[process.platform as keyof typeof data] ?? (environment.XDG_DATA_HOME || join(home, '.local', 'share'));
  return join(folder, 'kandid', 'models');
}
