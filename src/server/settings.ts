/** Settings of the server beside those of the engine, and the file that both may stand in. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { engineSettings, list, readSettings, VARIABLES } from '../config.ts';
import { KandidError, reasonOf } from '../errors.ts';
import { footprintOf } from './memory.ts';

const whole = (least: number, most: number) => {
  const expected = `a whole number from ${least} to ${most}`;
  return z.coerce.number(expected).int(expected).min(least, expected).max(most, expected);
};
const seconds = (most: number) => {
  const expected = `seconds, 0 to ${most}`;
  return z.coerce.number(expected).min(0, expected).max(most, expected);
};
/** An address, a network as address/bits, or `loopback`. */
const isProxy = (text: string) => {
  const [, address = '', bits = '0'] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  return text === 'loopback' || (isIP(address) !== 0 && Number(bits) <= (isIP(address) === 6 ? 128 : 32));
};
const MiB = 2 ** 20;
const MOST_BYTES = 2 ** 36;
const MOST = 1_000_000;

const apiKey = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/),
  /** Of the key, in hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  requestsPerMinute: z.int().min(1).optional(),
  /** Jobs that wait or run. */
  jobs: z.int().min(1).optional(),
  priority: z.int().min(-10).max(10).optional(),
});

/** `name:sha256,…` in the environment, objects with limits of their own in the file. */
const apiKeys = z
  .union([
    z.array(apiKey),
    list(',').transform((pairs) => pairs.map((pair) => ({ name: pair.split(':')[0], sha256: pair.split(':')[1] }))),
  ])
  .pipe(z.array(apiKey, 'keys as name:sha256'))
  .default([]);

/** `name=model,…`, or an object. */
const aliases = z.union(
  [
    z.record(z.string(), z.string()),
    list(',').transform((pairs) =>
      Object.fromEntries(pairs.map((pair) => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? ''])),
    ),
  ],
  'names as name=model',
);

const serverSettings = engineSettings.extend({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0: any that is free. */
  port: whole(0, 65_535).default(8080),
  /** As others see it, for links. @default the host and port it listens on */
  publicUrl: z.url({ protocol: /^https?$/, error: 'an address that begins with http:// or https://' }).optional(),
  /** Names that it answers to beside those of this machine, where no key is needed; `*`: any. */
  hostNames: list(',').default([]),
  /** Where a proxy keeps a prefix in paths, that prefix. @default the path of publicUrl */
  basePath: z
    .string()
    .regex(/^(\/[\w.~-]+)*\/?$/, 'a path such as /kandid')
    .optional(),
  /** Addresses or networks of proxies whose X-Forwarded-For, -Host, -Proto and -Prefix count; `loopback`: this machine. */
  trustedProxies: list(',')
    .pipe(z.array(z.string().refine(isProxy, 'addresses as 10.0.0.1 or 10.0.0.0/8, or loopback')))
    .default([]),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),

  /** `auto`: keys are needed where it listens to other machines. */
  auth: z.enum(['auto', 'on', 'off']).default('auto'),
  apiKeys,
  /** Origins of web pages that may call; `*`: all. */
  origins: list(',').default([]),
  requestsPerMinute: whole(0, MOST).default(6000),
  webhookSecret: z.string().min(16, '16 characters or more').optional(),
  /** Where keys are needed, what the address of a picture needs: a signature, or (`open`) nothing. */
  permalinks: z.enum(['signed', 'open']).default('signed'),
  /** How long a signature is good. */
  permalinkSeconds: whole(1, 10 * 366 * 86_400).default(3600),
  /** Signs addresses of pictures. @default one of this process: its addresses end with it */
  permalinkSecret: z.string().min(16, '16 characters or more').optional(),

  /** Names that clients have built in, and what they mean here; an empty model is the default one. */
  aliases: aliases.default({
    'gpt-image-1': '',
    'gpt-image-1-mini': '',
    'gpt-image-1.5': '',
    'gpt-image-2': '',
    'chatgpt-image-latest': '',
    'dall-e-2': '',
    'dall-e-3': '',
  }),
  /** Models opened before it is ready, beside the default one. */
  warm: list(',').default([]),
  /** One worker process for each. @default the device */
  devices: list(',').optional(),
  /** Device of one more process that runs what guides of your own folders are asked for: one that hangs holds no others. */
  guideWorker: z.string().min(1).optional(),
  /** Results, and beams of them, that a worker process takes at once. */
  workerPlaces: whole(1, 4096).default(64),
  rowsPerRun: whole(1, 4096).default(64),
  hangSeconds: seconds(3600).default(120),

  /** Of one body. */
  bodyBytes: whole(1024, MOST_BYTES).default(32 * MiB),
  /** Of bodies that come in, wait or run: of one client, and of all. Large ones are on disk. */
  clientBodyBytes: whole(1024, MOST_BYTES).default(128 * MiB),
  allBodyBytes: whole(1024, MOST_BYTES).default(512 * MiB),
  /** Of answers that are made or not read yet: of one client, and of all. */
  clientAnswerBytes: whole(1024, MOST_BYTES).default(512 * MiB),
  allAnswerBytes: whole(1024, MOST_BYTES).default(1024 * MiB),
  /** Folder where large bodies wait, in files without a name. @default the system's for temporary files */
  spoolFolder: z.string().min(1).optional(),
  /** Of memory that the jobs in one worker process may take together. */
  workerBytes: whole(MiB, MOST_BYTES).default(1024 * MiB),
  /** Results of one request times the beams that each keeps. */
  jobPlaces: whole(1, 65_536).default(256),
  /** Megapixels that one request may have proposed, looked at and encoded: see `jobs/cost.ts`. */
  jobWork: whole(1, 100_000_000).default(40_000),
  /** Of candidates that are proposed at once for one result, where it keeps several beams. */
  jobRunBytes: whole(MiB, MOST_BYTES).default(64 * MiB),
  /** Candidates that an expensive guide's shortlist is chosen from. */
  jobChoice: whole(1, MOST).default(8192),
  /** Pixels of all pictures of one request together: 256 of 512×512, or 16 of 2048×2048. */
  jobPixels: whole(1, 2 ** 30).default(2 ** 26),
  /** Jobs that wait. */
  waiting: whole(1, MOST).default(1000),
  /** Jobs of one client that wait or run. */
  perClient: whole(1, MOST).default(128),
  keptJobs: whole(1, MOST).default(1000),
  keptSeconds: seconds(86_400).default(900),
  keptBytes: whole(0, MOST_BYTES).default(256 * MiB),
  /** Events of a job that are kept for those who come back. */
  events: whole(8, 100_000).default(256),
  personSeconds: seconds(3600).default(60),
  /** A job that nobody watches any more is cancelled after so long. */
  abandonSeconds: seconds(3600).default(5),
  drainSeconds: seconds(3600).default(30),

  /** Connections of all kinds, in all and from one address; those of trusted proxies count in all only. */
  connections: whole(1, MOST).default(8192),
  connectionsPerAddress: whole(1, MOST).default(1024),
  sockets: whole(1, MOST).default(2000),
  socketsPerClient: whole(1, MOST).default(256),
  requestsPerSocket: whole(1, 10_000).default(64),
  messagesPerSecond: whole(1, 10_000).default(50),
  messageBytes: whole(1024, MOST_BYTES).default(16 * MiB),
  /** Bytes that may wait for a socket before it is sent no more for a while. */
  backlogBytes: whole(1024, MOST_BYTES).default(MiB),
  heartbeatSeconds: seconds(3600).default(30),
});

export type ServerSettings = z.output<typeof serverSettings>;
export type ApiKey = z.output<typeof apiKey>;
/** The same names as flags, and `config`, the file's name. */
export type ServerFlags = { [Name in keyof z.input<typeof serverSettings>]?: unknown } & {
  config?: string | undefined;
};

/** Not to be shown. */
const SECRETS: readonly string[] = ['apiKeys', 'webhookSecret', 'permalinkSecret'];

const SERVER_VARIABLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(serverSettings.shape).map((name) => [
    name,
    VARIABLES[name as keyof typeof VARIABLES] ?? `KANDID_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`,
  ]),
);

/**
 * Flags over environment variables (`KANDID_ROWS_PER_RUN` for `rowsPerRun`) over the file (`--config`, `KANDID_CONFIG`; JSON).
 *
 * @throws {KandidError} setting_invalid, file_unreadable
 */
export function loadServerSettings(
  { config, ...flags }: ServerFlags = {},
  environment: NodeJS.ProcessEnv = process.env,
): ServerSettings {
  const name = config ?? (environment.KANDID_CONFIG || undefined);
  const file = name === undefined ? {} : { file: { name, values: readFile(name) } };
  return readSettings(serverSettings, SERVER_VARIABLES, { flags, environment, ...file });
}

/** Every setting as JSON, secrets hidden, and what the limits add up to. */
export function printSettings(settings: ServerSettings): string {
  const shown = Object.entries(settings).map(([name, value]) => {
    const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
    return [name, SECRETS.includes(name) && !isEmpty ? '(hidden)' : value];
  });
  return JSON.stringify({ ...Object.fromEntries(shown), atMost: footprintOf(settings) }, null, 2);
}

function readFile(name: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (cause) {
    throw new KandidError('file_unreadable', { file: name, reason: reasonOf(cause) }, { cause });
  }
  const refuse = (got: string, expected: string) => new KandidError('setting_invalid', { name, got, expected });
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (cause) {
    throw refuse(`not JSON (${reasonOf(cause)})`, 'an object of settings as JSON');
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw refuse('no object', 'an object of settings as JSON');
  const unknown = Object.keys(values).find((key) => !(key in SERVER_VARIABLES));
  if (unknown !== undefined) throw refuse(`a file with "${unknown.slice(0, 50)}"`, 'names of settings only');
  return values as Record<string, unknown>;
}
