import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { needsBrowser, screenshot, serverForTests, visit } from './browser.ts';

const options = needsBrowser();
const server = serverForTests();

const figure = async (page: Page, n: number) =>
  Number.parseFloat((await page.locator('.toy-figures dd').nth(n).textContent()) ?? '');
const [STEPS, DEAD, APART] = [0, 1, 2];
const stepsAbove = (page: Page, least: number) =>
  page.waitForFunction((than) => Number(document.querySelector('.toy-figures dd')?.textContent) > than, least, {
    timeout: 60_000,
  });

test('nodes follow the selected density, and painted parts', options, async () => {
  const { page, problems } = await visit(`${server.url}/#/toy`);
  await stepsAbove(page, 60);
  assert.ok((await figure(page, APART)) < 0.2, `${await figure(page, APART)} apart`);
  assert.equal(await figure(page, DEAD), 0);
  await page.getByText('empty, to paint on').click();
  await page.getByText('The canvas is empty').waitFor();
  await page.locator('.board').focus();
  await page.keyboard.press('Space');
  const painted = await figure(page, STEPS);
  await stepsAbove(page, painted + 60);
  assert.ok((await figure(page, APART)) < 0.5);
  await screenshot(page, 'toy-painted');
  assert.deepEqual(problems, []);
});

test('pause, single steps, restart; few nodes without splitting stay dead', options, async () => {
  const { page } = await visit(`${server.url}/#/toy`);
  await stepsAbove(page, 3);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Continue' }).waitFor();
  const paused = await figure(page, STEPS);
  await page.getByRole('button', { name: 'One step' }).click();
  await stepsAbove(page, paused);
  await page.getByText('Split and prune').click();
  await page.getByRole('slider', { name: 'nodes' }).fill('500');
  await page.getByRole('button', { name: 'Restart' }).click();
  await stepsAbove(page, 60);
  assert.ok((await figure(page, DEAD)) > 1, `${await figure(page, DEAD)} % dead`);
});
