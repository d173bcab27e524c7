import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { serveStarting } from '../server/serving.ts';
import { needsBrowser, visit } from './browser.ts';

const options = needsBrowser();

test('while models load, the page waits and reports it, without errors', options, async (test) => {
  spawnSync(process.execPath, ['scripts/page.mjs'], { stdio: 'inherit' });
  const { url, open, close: end } = await serveStarting();
  test.after(end);
  const asked: number[] = [];
  const { page, problems, close } = await visit(url);
  page.on('response', (answer) => asked.push(answer.status()));
  await page.getByText('The server is opening its models').waitFor();
  for (let times = 0; times < 2; times++) await page.waitForResponse(`${url}/v1/status`);
  await open();
  await page.getByText('The server is opening its models').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Generate' }).waitFor();
  assert.deepEqual(problems, []);
  assert.ok(
    asked.every((status) => status < 400),
    String(asked),
  );
  await close();
});
