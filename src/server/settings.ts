/** Settings of the server, which extend those of the engine, and the settings file. */
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
const MAX_BYTES = 2 ** 36;
const MAX = 1_000_000;

const apiKey = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/),
  /** SHA-256 of the key, in hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  requestsPerMinute: z.int().min(1).optional(),
  /** Largest number of jobs that wait or run. */
  jobs: z.int().min(1).optional(),
  priority: z.int().min(-10).max(10).optional(),
});

/** `name:sha256,…` in the environment; objects with limits per key in the file. */
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

/** Model names that OpenAI clients look for in the list of models. */
const OPENAI_MODELS = [
  ...[
    'gpt-image-1',
    'gpt-image-1-mini',
    'gpt-image-1.5',
    'gpt-image-2',
    'gpt-image-2.5-flare',
    'gpt-image-2.5-sunburst',
  ],
  ...['gpt-image-2.6-flare', 'gpt-image-2.6-sunburst', 'chatgpt-image-latest', 'dall-e-2', 'dall-e-3'],
];

const serverSettings = engineSettings.extend({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0: any free port. */
  port: whole(0, 65_535).default(8080),
  /** Public base URL, used in links. @default the host and port it listens on */
  publicUrl: z.url({ protocol: /^https?$/, error: 'an address that begins with http:// or https://' }).optional(),
  /** Host names accepted beside those of this machine if no key is required; `*`: any. */
  hostNames: list(',').default([]),
  /** Path prefix that a proxy forwards unchanged. @default the path of publicUrl */
  basePath: z
    .string()
    .regex(/^(\/[\w.~-]+)*\/?$/, 'a path such as /kandid')
    .optional(),
  /** Addresses or networks of proxies whose X-Forwarded-For, -Host, -Proto and -Prefix are trusted; `loopback`: this machine. */
  trustedProxies: list(',')
    .pipe(z.array(z.string().refine(isProxy, 'addresses as 10.0.0.1 or 10.0.0.0/8, or loopback')))
    .default([]),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),

  /** `auto`: keys are required if the server listens on an address other than loopback. */
  auth: z.enum(['auto', 'on', 'off']).default('auto'),
  apiKeys,
  /** Allowed CORS origins; `*`: all. */
  origins: list(',').default([]),
  requestsPerMinute: whole(0, MAX).default(6000),
  webhookSecret: z.string().min(16, '16 characters or more').optional(),
  /** Whether permalinks need a signature if keys are required; `open`: no signature. */
  permalinks: z.enum(['signed', 'open']).default('signed'),
  /** Lifetime of a signature. */
  permalinkSeconds: whole(1, 10 * 366 * 86_400).default(3600),
  /** Signs permalinks. @default random per process: its permalinks become invalid when it ends */
  permalinkSecret: z.string().min(16, '16 characters or more').optional(),

  /**
   * Model names that clients send, and the model used for each; an empty string is the default model. A name that ends
   * in `*` matches by prefix, the longest first; `/v1/models` lists the others.
   */
  aliases: aliases.default({
    'gpt-image-*': '',
    'chatgpt-image-*': '',
    'dall-e-*': '',
    ...Object.fromEntries(OPENAI_MODELS.map((name) => [name, ''])),
  }),
  /**
   * What a request in OpenAI's format gets if it asks for something that cannot be made (a transparent background, a
   * size that is not square): `nearest`: the nearest possible picture, with a note; `strict`: an error.
   */
  openaiRequests: z.enum(['nearest', 'strict']).default('nearest'),
  /** Models opened before the server reports ready, beside the default one. */
  warm: list(',').default([]),
  /** Devices, with one worker process each. @default the setting device */
  devices: list(',').optional(),
  /** Device of an additional process for requests with guides from your own folders, so that one that hangs blocks no other requests. */
  guideWorker: z.string().min(1).optional(),
  /** Capacity of a worker process: results, times the beams and particles of each, at once. */
  workerPlaces: whole(1, 4096).default(64),
  rowsPerRun: whole(1, 4096).default(64),
  hangSeconds: seconds(3600).default(120),

  /** Largest size of one request body. */
  bodyBytes: whole(1024, MAX_BYTES).default(32 * MiB),
  /**
   * Total size of request bodies being received, waiting or in use: per client, and in total. Large bodies are on disk.
   */
  clientBodyBytes: whole(1024, MAX_BYTES).default(128 * MiB),
  allBodyBytes: whole(1024, MAX_BYTES).default(512 * MiB),
  /** Total size of responses in preparation or not yet read: per client, and in total. */
  clientAnswerBytes: whole(1024, MAX_BYTES).default(512 * MiB),
  allAnswerBytes: whole(1024, MAX_BYTES).default(1024 * MiB),
  /** Folder of large request bodies, in unlinked files. @default the system's temporary folder */
  spoolFolder: z.string().min(1).optional(),
  /** Memory of all jobs in one worker process. */
  workerBytes: whole(MiB, MAX_BYTES).default(1024 * MiB),
  /** Largest number of results of one request, times the beams and particles of each. */
  jobPlaces: whole(1, 65_536).default(256),
  /** Megapixels that one request may generate, score and encode: see `jobs/cost.ts`. */
  jobWork: whole(1, 100_000_000).default(40_000),
  /** Size of the candidates generated at once for one result with several beams. */
  /** Largest number of candidates from which the shortlist of an expensive guide is chosen. */
  jobChoice: whole(1, MAX).default(8192),
  /** Total pixels of the pictures of one request: 256 of 512×512, or 16 of 2048×2048. */
  jobPixels: whole(1, 2 ** 30).default(2 ** 26),
  /** Largest picture that is repainted or enlarged whole, in pixels: 2048×2048. */
  wholePixels: whole(1, 2 ** 26).default(2 ** 22),
  /** Largest number of waiting jobs. */
  waiting: whole(1, MAX).default(1000),
  /** Largest number of jobs of one client that wait or run. */
  perClient: whole(1, MAX).default(128),
  keptJobs: whole(1, MAX).default(1000),
  keptSeconds: seconds(86_400).default(900),
  keptBytes: whole(0, MAX_BYTES).default(256 * MiB),
  /** Events kept per job, for clients that reconnect. */
  events: whole(8, 100_000).default(256),
  personSeconds: seconds(3600).default(60),
  /** A job without subscribers is cancelled after this time. */
  abandonSeconds: seconds(3600).default(5),
  drainSeconds: seconds(3600).default(30),

  /** Redis by which servers and workers share jobs, as redis://USER:PASSWORD@HOST:PORT, or rediss:// for TLS. @default none: this server runs its jobs itself */
  redis: z
    .string()
    .refine(
      (text) => /^rediss?:\/\/./.test(text) && URL.canParse(text),
      'an address that begins with redis:// or rediss://',
    )
    .optional(),
  /** Prefix of the keys in Redis; the same for all servers and workers that share jobs. */
  redisPrefix: z
    .string()
    .regex(/^[\w.-]{1,64}$/, '1 to 64 of A–Z, a–z, 0–9, _, - and .')
    .default('kandid'),
  /** A Redis command that takes longer counts as a failed connection. */
  redisSeconds: z.coerce.number('seconds').min(0.1, 'seconds, 0.1 to 60').max(60, 'seconds, 0.1 to 60').default(5),
  /** A worker that sends no sign of life for this long loses its jobs to others. */
  leaseSeconds: z.coerce.number('seconds').min(1, 'seconds, 1 to 600').max(600, 'seconds, 1 to 600').default(10),

  /** Open connections of all kinds, in total and per address; those of trusted proxies count in the total only. */
  connections: whole(1, MAX).default(8192),
  connectionsPerAddress: whole(1, MAX).default(1024),
  sockets: whole(1, MAX).default(2000),
  socketsPerClient: whole(1, MAX).default(256),
  requestsPerSocket: whole(1, 10_000).default(64),
  messagesPerSecond: whole(1, 10_000).default(50),
  messageBytes: whole(1024, MAX_BYTES).default(16 * MiB),
  /** Bytes buffered for a socket before sending pauses. */
  backlogBytes: whole(1024, MAX_BYTES).default(MiB),
  heartbeatSeconds: seconds(3600).default(30),
});

export type ServerSettings = z.output<typeof serverSettings>;
export type ApiKey = z.output<typeof apiKey>;
/** Settings as flags, and `config`, the name of the settings file. */
export type ServerFlags = { [Name in keyof z.input<typeof serverSettings>]?: unknown } & {
  config?: string | undefined;
};

/** Hidden when settings are printed. */
const SECRETS: readonly string[] = ['apiKeys', 'webhookSecret', 'permalinkSecret', 'redis'];

const SERVER_VARIABLES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(serverSettings.shape).map((name) => [
    name,
    VARIABLES[name as keyof typeof VARIABLES] ?? `KANDID_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`,
  ]),
);

/**
 * Precedence: flags, environment variables (`KANDID_ROWS_PER_RUN` for `rowsPerRun`), the file (`--config`, `KANDID_CONFIG`; JSON).
 *
 * @throws {KandidError} setting_invalid, file_unreadable
 */
export function loadServerSettings(
  { config, ...flags }: ServerFlags = {},
  environment: NodeJS.ProcessEnv = process.env,
): ServerSettings {
  const name = config ?? (environment.KANDID_CONFIG || undefined);
  const file = name === undefined ? {} : { file: { name, values: readFile(name) } };
  return readSettings(serverSettings, SERVER_VARIABLES, { flags, environment, secrets: SECRETS, ...file });
}

/** All settings as JSON, secrets hidden, with the total memory that the limits allow. */
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
    throw refuse('not an object', 'an object of settings as JSON');
  const unknown = Object.keys(values).find((key) => !(key in SERVER_VARIABLES));
  if (unknown !== undefined) throw refuse(`a file with "${unknown.slice(0, 50)}"`, 'names of settings only');
  return values as Record<string, unknown>;
}
