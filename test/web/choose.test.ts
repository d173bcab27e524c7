import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { findings, needsBrowser, screenshot, serverForTests, type Visit, visit } from './browser.ts';

const options = needsBrowser();
const server = serverForTests('--set', 'personSeconds=30');
/** One visit: each test continues from the previous one. */
let here: Promise<Visit> | undefined;
const opened = (): Promise<Visit> => {
  here ??= visit(`${server.url}/#/choose`, { stays: true });
  return here;
};

/** The page's text for the first level of the n-th side. */
function beginning(n: number): string {
  const side = [...new Set(server.sides)][n];
  return `level ${server.sides.indexOf(side ?? 0) + 1} of ${server.sides.length}`;
}

/** Runs in the page: the number of colours of each canvas. */
function coloursOfAll(elements: readonly Element[]): number[] {
  return elements.map((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const pixels = (element as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data;
    return new Set(new Uint32Array(pixels?.buffer ?? new ArrayBuffer(0))).size;
  });
}

const asked = (page: Page) => page.locator('.candidates:not(.candidates-closed) canvas').first().waitFor();

test('three levels are chosen by hand, then the rest is finished automatically', options, async () => {
  const { page, problems } = await opened();
  await page.getByRole('button', { name: 'Begin' }).click();
  await asked(page);
  const finishes = await page.locator('.candidate > .picture canvas').evaluateAll(coloursOfAll);
  const now = await page.locator('.candidate-now canvas').evaluateAll(coloursOfAll);
  assert.deepEqual([finishes.length, now.length], [9, 9], 'what each may become, and as it is');
  assert.ok(Math.max(...now) <= 16, `${now}: candidates of 4 × 4 pixels`);
  assert.ok(Math.min(...finishes) > 100, `${finishes}: pictures`);
  await screenshot(page, 'choose-first');
  await page.getByRole('button', { name: 'Candidate 5' }).click();
  await page.getByText(beginning(1)).waitFor();
  await asked(page);
  await page.keyboard.press('3');
  await page.getByText(beginning(2)).waitFor();
  await asked(page);
  await screenshot(page, 'choose-asking');
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('9');
  await page.getByText(beginning(3)).waitFor();
  await asked(page);
  await page.getByLabel('Choose the rest automatically').fill('a person with glasses');
  await page.getByRole('button', { name: 'Finish automatically' }).click();
  await page.getByRole('heading', { name: 'Yours.' }).waitFor({ timeout: 60_000 });
  await page.getByText(`3 choices by you, ${server.sides.length - 3} automatic`).waitFor();
  await screenshot(page, 'choose-finished');
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(problems, []);
});

test('a choice can be changed, and earlier ones are kept', options, async () => {
  const { page } = await opened();
  await page.getByRole('button', { name: 'Back to choice 2' }).click();
  await page.getByText(beginning(1)).waitFor();
  await asked(page);
  assert.equal(await page.getByRole('navigation', { name: 'Your choices' }).getByRole('button').count(), 1);
  await page.keyboard.press('1');
  await page.getByText(beginning(2)).waitFor();
  await asked(page);
  await page.keyboard.press('m');
  await page.getByText(`2 choices by you, ${server.sides.length - 2} automatic`).waitFor({ timeout: 60_000 });
});

test('the chosen picture opens in Create', options, async () => {
  const { page, problems } = await opened();
  await page.getByRole('link', { name: 'Open in Create' }).click();
  await page.getByRole('button', { name: 'More like this' }).waitFor();
  assert.ok(
    await page
      .getByTitle(/^chosen by hand/)
      .first()
      .isVisible(),
  );
  assert.deepEqual(problems, []);
});
