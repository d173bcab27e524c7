import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsBrowser, screenshot, serverForTests, visit } from './browser.ts';
import { type ProxyOptions, proxy } from './proxy.ts';

const options = needsBrowser();
const PREFIX = '/kandid';
const settings = ['--base-path', PREFIX, '--set', 'trustedProxies=loopback', '--set', 'hostNames=backend'];
const server = serverForTests(...settings);
const behind = (more: Omit<ProxyOptions, 'to' | 'prefix'>) => proxy({ to: server.url, prefix: PREFIX, ...more });

for (const strips of [true, false])
  test(
    `behind a proxy that ${strips ? 'takes the prefix off' : 'keeps the prefix'}, all views work`,
    options,
    async () => {
      const there = await behind({ strips });
      test.after(() => there.close());
      const { page, problems, close } = await visit(there.url);
      const lost: string[] = [];
      page.on('response', (answer) => {
        if (answer.status() >= 400) lost.push(answer.url());
      });
      await page.getByLabel('Prompt').fill('a woman with red hair');
      await page.getByRole('button', { name: 'Generate' }).click();
      await page.getByRole('button', { name: 'More like this' }).waitFor({ timeout: 120_000 });
      for (const name of ['Tree', 'Models']) await page.getByRole('navigation').getByRole('link', { name }).click();
      await page.getByText('The server accepts requests').waitFor();
      const calls = await page.locator('pre').first().textContent();
      assert.ok(calls?.includes(there.url), calls ?? '');
      await page.getByRole('link', { name: 'API', exact: true }).click();
      await page.getByRole('link', { name: `${PREFIX}/openapi.json` }).click();
      assert.equal(page.url(), `${there.url}openapi.json`);
      assert.deepEqual([problems, lost], [[], []]);
      await close();
      there.close();
    },
  );

test('a proxy that blocks WebSockets is reported after a while', options, async (test) => {
  const there = await behind({ strips: false, passesSockets: false });
  test.after(() => there.close());
  const { page, close } = await visit(there.url);
  await page.getByText(/the live connection to ws:.*\/kandid\/v1\/stream does not open.*proxy/).waitFor();
  await screenshot(page, 'connection-never');
  await close();
});
