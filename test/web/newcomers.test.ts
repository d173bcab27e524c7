/** The page for newcomers: unknown words, damaged links, reloads, small windows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { needsBrowser, serverForTests, type Visit, visit } from './browser.ts';

const options = needsBrowser();
const server = serverForTests();

const opened = async (path = '/', width = 1280): Promise<Visit> => await visit(server.url + path, { width });
const finished = (page: Page) => page.getByRole('button', { name: 'More like this' }).waitFor({ timeout: 240_000 });
const generate = (page: Page) => page.getByRole('button', { name: 'Generate', exact: true }).click();

test('unknown words are reported while typing, with known words as buttons', options, async () => {
  const { page, problems } = await opened();
  await page.getByText(/Avatars: /).waitFor();
  const prompt = page.getByLabel('Prompt');
  await prompt.fill('a man with glases');
  await page.getByText('this model does not know “glases”').waitFor();
  await page.getByRole('status').getByRole('button', { name: 'glasses', exact: true }).click();
  assert.equal(await prompt.inputValue(), 'a man with glasses');
  assert.equal(await page.getByText('Unknown word').count(), 0);
  await prompt.fill('a man with dreadl');
  await page
    .locator('.offers')
    .getByRole('button', { name: /dreadlocks/ })
    .first()
    .click();
  assert.match(await prompt.inputValue(), /^a man with .*dreadlocks/);
  await prompt.fill('a weeping man with specs');
  await page.getByText('“weeping” is read as “crying eyes”').waitFor();
  await page.getByText('“specs” is read as “glasses”').waitFor();
  assert.deepEqual(problems, []);
});

test('the negative prompt is beside the prompt, other fields are collapsed', options, async () => {
  const { page } = await opened();
  await page.getByLabel('Prompt').fill('a man');
  await page.getByLabel('What to avoid').fill('a hat');
  await page.getByText('For experts').click();
  const fields = page.locator('.guide-card details .field');
  assert.ok((await fields.count()) > 5);
  for (const field of await fields.all()) assert.match((await field.locator('.hint').textContent()) ?? '', /\.$/);
  assert.equal(await page.locator('.guide-card').getByLabel('negative', { exact: true }).count(), 0);
});

test('what the next pictures keep of another one stands below the button, and can be dropped', options, async () => {
  const { page, problems } = await opened();
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('slider', { name: 'pictures' }).fill('4');
  await page.getByLabel('Prompt').fill('a woman with a green beard');
  await generate(page);
  await finished(page);
  assert.ok(await inSight(page, '.actions > .row'), 'the actions are in the window');
  assert.equal(await page.getByText('no picture shows "a green beard"').count(), 1);
  await page.getByRole('button', { name: 'More like this' }).click();
  await finished(page);
  await page.getByText('Like a picture, as far as your prompt allows').waitFor();
  assert.equal(await page.locator('.needed').count(), 0, 'the picture of the guide is there');
  assert.ok(await inSight(page, '.chip'));
  await page.getByRole('button', { name: 'Forget that picture' }).click();
  assert.equal(await page.locator('.chip').count(), 0);
  assert.equal(await page.getByLabel('Guide target').count(), 0);
  assert.deepEqual(problems, []);
});

test('notes on words are shown once; spaces are no words', options, async () => {
  const { page, problems } = await opened();
  await page.getByRole('slider', { name: 'pictures' }).fill('1');
  await page.getByLabel('Prompt').fill('a castle');
  await generate(page);
  await finished(page);
  await page.getByText('no word says anything about the picture').waitFor();
  assert.equal(await page.getByText(/does not know.*castle/).count(), 1);
  await page.getByLabel('Prompt').fill('   ');
  await generate(page);
  await finished(page);
  assert.equal(await page.getByRole('alert').count(), 0);
  assert.deepEqual(problems, []);
});

test('a link of another version of a model says so, and keeps its settings', options, async () => {
  const { page } = await opened();
  await page.getByRole('slider', { name: 'pictures' }).fill('1');
  await page.getByLabel('Prompt').fill('a sad man');
  await generate(page);
  await finished(page);
  const link = page.url().replace(/(p=[^&]*?(?:@|%40))[0-9a-f]{8}/, '$100000000');
  const theirs = await visit(link, { width: 1280 });
  await theirs.page.getByText('a version of one, that this server does not have').waitFor();
  assert.equal(await theirs.page.getByLabel('Prompt').inputValue(), 'a sad man');
  assert.equal(await theirs.page.getByRole('button', { name: 'More like this' }).count(), 0);
  assert.deepEqual(theirs.problems, []);
});

test('the first pictures that a visitor sees are likely ones, at growing sizes', options, async () => {
  const { page } = await opened();
  const shown = page.locator('.intro-strip img');
  await shown.last().waitFor();
  const widths = await shown.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().width));
  assert.equal(widths.length, new Set(server.sides).size);
  assert.deepEqual(
    widths,
    [...widths].sort((a, b) => a - b),
  );
  const before = await shown.last().getAttribute('src');
  await page.getByRole('button', { name: 'Another random picture' }).click();
  await page.waitForFunction((src) => {
    const now = [...document.querySelectorAll('.intro-strip img')].at(-1)?.getAttribute('src');
    return now && now !== src;
  }, before);
});

test('a damaged link is reported, and causes no requests', options, async () => {
  const { page } = await opened();
  await page.getByRole('slider', { name: 'pictures' }).fill('1');
  await generate(page);
  await finished(page);
  const link = page.url();
  const [, id = ''] = /p=([^&]+)/.exec(link) ?? [];
  for (const damaged of [
    link.replace(id, id.slice(0, -5)),
    link.replace(id, `${id}AAAA`),
    link.replace(/r=[^&]+/, 'r=%7B%7B'),
  ]) {
    const theirs = await visit(damaged, { width: 1280 });
    await theirs.page.getByText('This link is damaged').waitFor();
    assert.deepEqual(theirs.problems, []);
  }
});

test('a reload resumes the running request', options, async () => {
  const { page } = await opened();
  await page.getByRole('slider', { name: 'pictures' }).fill('1');
  await page.getByLabel('Prompt').fill('a man with a black beard');
  await generate(page);
  await finished(page);
  await page.getByRole('slider', { name: 'pictures' }).fill('6');
  await page.getByLabel('Prompt').fill('a woman with red hair');
  await generate(page);
  await page
    .getByText(/level \d+ of/)
    .first()
    .waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  assert.equal(await page.getByLabel('Prompt').inputValue(), 'a woman with red hair');
  await finished(page);
  assert.equal(await page.locator('.tile img').count(), 6);
  await page.reload();
  await finished(page);
  assert.equal(await page.getByRole('button', { name: 'Stop' }).count(), 0, 'it was finished');
});

test('a reload resumes at the open question', options, async () => {
  const { page } = await opened('/#/choose');
  await page.getByRole('button', { name: 'Begin' }).click();
  const open = page.locator('.candidates:not(.candidates-closed) .candidate');
  const steps = page.locator('.trail img');
  for (const n of [1, 2]) {
    await open.first().click({ timeout: 120_000 });
    await steps.nth(n - 1).waitFor();
  }
  await open.first().waitFor({ timeout: 120_000 });
  const asked = await page.locator('.question .soft').first().textContent();
  await page.reload();
  await open.first().waitFor({ timeout: 120_000 });
  assert.equal(await steps.count(), 2);
  assert.equal(await page.locator('.question .soft').first().textContent(), asked);
});

test('opened parts and main buttons are in view, and the navigation shows that it scrolls', options, async () => {
  const { page } = await opened();
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByRole('slider', { name: 'pictures' }).fill('4');
  await generate(page);
  await finished(page);
  await page.getByRole('button', { name: 'Cross with …' }).click();
  assert.ok(await inSight(page, '.cross'));
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.cross').count(), 0);
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.getByText('Sketch', { exact: true }).click();
  assert.ok(await isUncovered(page, '.colours'), 'no colour lies below the sticky button');
  await page.getByText('Repaint', { exact: true }).first().click();
  await page.locator('.offered button').first().click();
  await page.getByLabel(/^Mask/).first().waitFor();
  assert.ok(await inSight(page, '.edit-start'));
  await page.setViewportSize({ width: 390, height: 800 });
  const mask = await page.locator('.nav').evaluate((nav) => getComputedStyle(nav).maskImage);
  assert.match(mask, /gradient/);
  const right = await page
    .locator('.nav a')
    .last()
    .evaluate((one) => one.getBoundingClientRect().right);
  assert.ok(right <= 390, `the last view ends at ${right}`);
  await page.getByRole('link', { name: 'Create' }).click();
  await page.getByLabel('Prompt').fill('x'.repeat(300));
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'long words wrap');
});

async function isUncovered(page: Page, selector: string): Promise<boolean> {
  return await page.locator(selector).evaluate((one) => {
    const { left, bottom } = one.getBoundingClientRect();
    return one.contains(document.elementFromPoint(left + 8, bottom - 8));
  });
}

async function inSight(page: Page, selector: string): Promise<boolean> {
  return await page.locator(selector).evaluate((one) => {
    const { top, bottom } = one.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight + 1;
  });
}

test('prompts belong to their mode, and every result can be downloaded', options, async () => {
  const { page } = await opened();
  await page.getByRole('slider', { name: 'pictures' }).fill('1');
  await generate(page);
  await finished(page);
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.locator('.offered button').first().click();
  const words = page.getByLabel('Prompt (optional)');
  await words.fill('a blue hat');
  await page.getByText('Sharpen', { exact: true }).click();
  assert.equal(await words.inputValue(), '');
  await page.locator('.edit-start .main').click();
  const [download] = await Promise.all([
    page.waitForEvent('download', { timeout: 120_000 }),
    page.getByRole('button', { name: 'Download' }).click({ timeout: 120_000 }),
  ]);
  assert.match(download.suggestedFilename(), /^kandid-.*\.png$/);
  await page.getByText('Repaint', { exact: true }).first().click();
  assert.equal(await words.inputValue(), 'a blue hat');
});
