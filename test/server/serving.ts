/** A complete server in this process, including inference, on a free port. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toKandidError } from '../../src/errors.ts';
import { createLog } from '../../src/server/log.ts';
import { createServer } from '../../src/server/server.ts';
import { createServices } from '../../src/server/services.ts';
import { loadServerSettings, type ServerFlags } from '../../src/server/settings.ts';
import type { StartProcess } from '../../src/server/workers/worker-process.ts';
import { Inference } from '../../src/worker/inference.ts';
import type { ToWorker } from '../../src/worker/messages.ts';

/** Inference in this process instead of a worker process; messages are copied as between processes. */
export const startHere: StartProcess = (options, listener) => {
  let ended = false;
  const post = (message: Parameters<typeof listener.message>[0]) => {
    const copy = structuredClone(message);
    setImmediate(() => {
      if (!ended) listener.message(copy);
    });
  };
  const opening = Inference.open(options, post).then(
    (inference) => {
      post({ type: 'ready', info: inference.info });
      return inference;
    },
    (thrown: unknown) => {
      post({ type: 'startupFailure', error: toKandidError(thrown).toJSON() });
      return null;
    },
  );
  const end = async (reason: string) => {
    if (ended) return;
    ended = true;
    await (await opening)?.close();
    listener.exit(reason);
  };
  const handle = async (message: ToWorker) => {
    if (message.type === 'stop') await end('stopped');
    else if (message.type !== 'open') (await opening)?.handle(message);
  };
  return { pid: process.pid, send: (message) => void handle(structuredClone(message)), kill: () => void end('killed') };
};

/** Models for tests: `tiny`, and a CLIP with random weights for the guide `text`. */
export function testModels(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'kandid-'));
  cpSync('models/tiny', join(folder, 'tiny'), { recursive: true });
  mkdirSync(join(folder, 'avatars-clip'));
  cpSync('test/fixtures/tiny-clip', join(folder, 'avatars-clip'), { recursive: true });
  const about = { format_version: 1, kind: 'clip', name: 'avatars-clip', title: 'Random', description: 'For tests.' };
  const licence = { data: 'none used', weights: 'MIT', attribution: '' };
  writeFileSync(
    join(folder, 'avatars-clip', 'model.json'),
    JSON.stringify({ ...about, licence, dataset: null, metrics: {}, files: {} }),
  );
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface Serving {
  readonly url: string;
  readonly services: ReturnType<typeof createServices>;
  readonly http: ReturnType<typeof createServer>['http'];
  close(): Promise<void>;
}

/** @param more folders of models beside those of the tests */
export async function serve(flags: ServerFlags = {}, more: readonly string[] = []): Promise<Serving> {
  const models = testModels();
  const settings = loadServerSettings(
    {
      port: 0,
      device: 'cpu',
      threads: 1,
      logLevel: 'silent',
      defaultModel: 'tiny',
      drainSeconds: 1,
      guides: ['test/fixtures/slow-guides'],
      ...flags,
    },
    {},
  );
  const log = createLog({ level: settings.logLevel });
  const services = createServices(settings, [models.folder, ...more], { log, start: startHere });
  const server = createServer(services);
  await services.pool.start();
  const { url } = await server.listen();
  return {
    url,
    services,
    http: server.http,
    async close() {
      await server.close();
      models.remove();
    },
  };
}

/** A starting server: it listens, and opens its models when the test permits. */
export async function serveStarting(): Promise<{ url: string; open(): Promise<unknown>; close(): Promise<void> }> {
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const start: StartProcess = (options, listener) => {
    const started = gate.then(() => startHere(options, listener));
    return {
      pid: undefined,
      send: (message) => void started.then((process) => process.send(message)),
      kill: (signal) => void started.then((process) => process.kill(signal)),
    };
  };
  const flags = { port: 0, defaultModel: 'tiny', device: 'cpu', threads: 1, drainSeconds: 0 };
  const services = createServices(loadServerSettings(flags, {}), ['models'], { start });
  const server = createServer(services);
  const ready = services.pool.start();
  const { url } = await server.listen();
  return {
    ...{ url, close: () => server.close() },
    async open() {
      letGo();
      await ready;
    },
  };
}

/** Posts JSON. */
export async function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
