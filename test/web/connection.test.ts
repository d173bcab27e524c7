import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsBrowser, screenshot, serverForTests, visit } from './browser.ts';

const options = needsBrowser();
const server = serverForTests();

test('a server that dies during a request is reported, and the request resumes when it is back', options, async () => {
  const { page } = await visit(server.url);
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
