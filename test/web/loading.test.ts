import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { createServer } from '../../src/server/server.ts';
import { createServices } from '../../src/server/services.ts';
import { loadServerSettings } from '../../src/server/settings.ts';
import type { StartProcess } from '../../src/server/workers/worker-process.ts';
import { startHere } from '../server/serving.ts';
import { needsBrowser, visit } from './browser.ts';

const options = needsBrowser();

test('opened while models load, the page waits and says so, and nothing in it complains', options, async (test) => {
  spawnSync(process.execPath, ['scripts/page.mjs'], { stdio: 'inherit' });
  let open = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const late: StartProcess = (settings, listener) => {
    const started = gate.then(() => startHere(settings, listener));
    const then = (act: (process: ReturnType<StartProcess>) => void) => void started.then(act);
    return {
      pid: undefined,
      send: (message) => then((process) => process.send(message)),
      kill: (signal) => then((process) => process.kill(signal)),
    };
  };
  const settings = loadServerSettings(
    { port: 0, defaultModel: 'tiny', device: 'cpu', threads: 1, drainSeconds: 0 },
    {},
  );
  const services = createServices(settings, ['models'], { start: late });
  const server = createServer(services);
  const ready = services.pool.start();
  const { url } = await server.listen();
  test.after(() => server.close());
  const asked: number[] = [];
  const { page, problems, close } = await visit(url);
  page.on('response', (answer) => asked.push(answer.status()));
  await page.getByText('The server is opening its models').waitFor();
  for (let times = 0; times < 2; times++) await page.waitForResponse(`${url}/v1/status`);
  open();
  await ready;
  await page.getByText('The server is opening its models').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Generate' }).waitFor();
  assert.deepEqual(problems, []);
  assert.ok(
    asked.every((status) => status < 400),
    String(asked),
  );
  await close();
});
