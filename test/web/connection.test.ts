import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  closeVisits,
  needsBrowser,
  type RunningServer,
  screenshot,
  startServer,
  type Visit,
  visit,
} from './browser.ts';

const options = needsBrowser();
let server: RunningServer;
let here: Visit;
before(async () => {
  if (options.skip) return;
  server = await startServer();
  here = await visit(server.url);
});
after(async () => {
  await closeVisits();
  await server?.kill();
});

test('a server that dies under a request is told, and the request goes on when it is back', options, async () => {
  const { page } = here;
  await page.getByRole('slider', { name: 'pictures' }).fill('8');
  await page.getByLabel('Prompt').fill('a woman with long red hair and sunglasses');
  await page.getByRole('button', { name: 'Generate' }).click();
  await page.locator('.tile img').first().waitFor();
  await server.kill();
  await page.getByText('The connection to the server is lost').waitFor();
  await screenshot(page, 'connection-lost');
  await server.start();
  await page.getByText('The connection to the server is lost').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'More like this' }).waitFor({ timeout: 120_000 });
  assert.equal(await page.locator('.history-grid li').count(), 8);
});
