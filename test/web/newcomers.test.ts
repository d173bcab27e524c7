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
  await page.getByRole('link', { name: 'Edit' }).click();
  await page.locator('.offered button').first().click();
  await page.getByLabel(/^Mask/).first().waitFor();
  assert.ok(await inSight(page, '.edit-start'));
  await page.setViewportSize({ width: 390, height: 800 });
  const mask = await page.locator('.nav').evaluate((nav) => getComputedStyle(nav).maskImage);
  assert.match(mask, /gradient/);
});

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
