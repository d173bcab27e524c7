import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { findings, needsBrowser, screenshot, serverForTests, type Visit, visit } from './browser.ts';

const options = needsBrowser();
const server = serverForTests();

async function opened(path = '/', width = 1280): Promise<Visit> {
  return await visit(path.startsWith('http') ? path : server.url + path, { width });
}

/** The timeline's text for a level. */
const level = (n: number) => `level ${n} of ${server.sides.length}`;
const finished = (page: Page) => page.getByRole('button', { name: 'More like this' }).waitFor({ timeout: 120_000 });
const setCount = (page: Page, count: number) => page.getByRole('slider', { name: 'pictures' }).fill(String(count));

test('a prompt yields finished pictures, with code, seed, link and history', options, async () => {
  const { page, problems } = await opened();
  await setCount(page, 2);
  await page.getByLabel('Prompt').fill('a man with a black beard');
  await page.getByRole('button', { name: 'Generate' }).click();
  await finished(page);
  await screenshot(page, 'create-finished');
  assert.deepEqual(await findings(page), []);
  assert.equal(await page.locator('.tile img').count(), 2);
  assert.equal(await page.locator('.history-grid li').count(), 2);
  assert.match((await page.locator('.facts').textContent()) ?? '', /code[\w-]{20,}.*seed\d+/);
  assert.deepEqual(problems, []);
});

test('the timeline shows earlier levels, and varying from there keeps them', options, async () => {
  const { page, problems } = await opened();
  await setCount(page, 1);
  await page.getByRole('button', { name: 'Generate' }).click();
  await finished(page);
  const timeline = page.getByRole('slider', { name: 'Level' });
  const whole = await page.locator('.tile').screenshot();
  await timeline.fill('4');
  await page.getByText(level(5)).first().waitFor();
  assert.notDeepEqual(await page.locator('.tile').screenshot(), whole);
  await page.getByRole('button', { name: 'Vary from level 5' }).click();
  await page.getByText('Keeps the first 5 levels of a picture').waitFor();
  await finished(page);
  const codes = await page.evaluate('[...document.querySelectorAll(".history-grid img")].map((one) => one.src)');
  const prefixes = (codes as string[]).map((src) => /\/([\w-]{5})[\w-]+\.webp/.exec(src)?.[1]);
  assert.equal(prefixes.length, 2);
  assert.equal(prefixes[0], prefixes[1]);
  assert.deepEqual(problems, []);
});

test('stop keeps the best pictures so far', options, async () => {
  const { page } = await opened();
  await setCount(page, 12);
  await page.getByLabel('Prompt').fill('a woman with long red hair and sunglasses');
  await page.getByRole('button', { name: 'Generate' }).click();
  await page.locator('.tile img').first().waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopped: best so far').waitFor();
  assert.ok((await page.locator('.tile img').count()) > 0);
  assert.equal(await page.locator('.history-grid li').count(), 0);
  assert.ok(await page.getByRole('button', { name: 'Generate' }).isEnabled());
});

test('a link reproduces pixels and settings in another browser', options, async () => {
  const mine = await opened();
  await setCount(mine.page, 1);
  await mine.page.getByLabel('Prompt').fill('green hair');
  await mine.page.getByRole('button', { name: 'Generate' }).click();
  await finished(mine.page);
  const theirs = await opened(mine.page.url());
  await finished(theirs.page);
  const [a, b] = await Promise.all([mine, theirs].map(({ page }) => pixelsOf(page)));
  assert.ok(a && a === b, 'the pixels differ');
  assert.equal(await theirs.page.getByLabel('Prompt').inputValue(), 'green hair');
  await theirs.page.getByText('Seed, sampling, model').click();
  assert.match(await theirs.page.getByLabel('seed', { exact: true }).inputValue(), /^\d+$/);
  assert.deepEqual(theirs.problems, []);
});

/** The picture as decoded by the browser, as a PNG: a screenshot would depend on its position in the page. */
async function pixelsOf(page: Page): Promise<string> {
  return await page.evaluate(`(async () => {
    const shown = document.querySelector('.tile img');
    await shown.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: shown.naturalWidth, height: shown.naturalHeight });
    canvas.getContext('2d').drawImage(shown, 0, 0);
    return canvas.toDataURL();
  })()`);
}

test('two pictures are crossed', options, async () => {
  const { page, problems } = await opened();
  await setCount(page, 2);
  await page.getByRole('button', { name: 'Generate' }).click();
  await finished(page);
  await page.getByRole('button', { name: 'Cross with' }).click();
  await page.getByRole('button', { name: 'Picture 2' }).click();
  await page.getByRole('slider', { name: 'levels of the first' }).fill('20');
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.locator('.history-grid li').nth(2).waitFor();
  assert.deepEqual(problems, []);
});

test('keyboard only: prompt, generate, timeline, theme', options, async () => {
  const { page } = await opened();
  await setCount(page, 1);
  await page.getByLabel('Prompt').focus();
  await page.keyboard.type('blue hat');
  await page.keyboard.press('Enter');
  await finished(page);
  await tabTo(page, 'Level');
  await page.keyboard.press('Home');
  await page.getByText(level(1)).first().waitFor();
  await page.keyboard.press('ArrowRight');
  await page.getByText(level(2)).first().waitFor();
  await tabTo(page, 'Vary from level 2');
  await page.keyboard.press('Enter');
  await page.getByText('Keeps the first 2 levels of a picture').waitFor();
  await finished(page);
  await tabTo(page, 'Theme: system. Change to light');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'light');
});

/** Presses Tab until the element of this name has the focus, which must be visible. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab');
    const focused = (await page.evaluate(
      '(document.activeElement?.ariaLabel ?? document.activeElement?.textContent ?? "").trim()',
    )) as string;
    if (focused === name) return;
  }
  assert.fail(`the keyboard does not reach "${name}"`);
}

test('errors are shown next to their cause', options, async () => {
  const { page } = await opened();
  await page.getByText('Add a guide').click();
  await page.getByRole('button', { name: 'color', exact: true }).click();
  await page.getByText('It still needs: image.').waitFor();
  assert.ok(await page.getByRole('button', { name: 'Generate' }).isDisabled());
  await page.getByRole('button', { name: 'Remove the guide color' }).click();
  await page.getByText('Add a guide').click();
  await page.getByRole('button', { name: 'http', exact: true }).click();
  await page.getByLabel('url').fill('http://example.org/');
  await page.getByRole('button', { name: 'Generate' }).click();
  await page.getByRole('alert').getByText('not on the list of hosts').waitFor();
});
