import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCode } from '../../src/web/state/code.ts';
import { codeOf, sightOf } from '../../src/web/views/wall/numbers.ts';
import { needsBrowser, screenshot, serverForTests, until, visit } from './browser.ts';

test('each place of a wall has one code, and another than its neighbours', () => {
  const levels = Array.from({ length: 9 }, () => ({ candidates: 8 }));
  const codes = Array.from({ length: 2000 }, (_, index) => codeOf(7, index, levels));
  assert.ok(codes.every((code) => parseCode(code, levels)));
  assert.ok(new Set(codes).size > 1990);
  assert.equal(codeOf(7, 3, levels), codes[3]);
  assert.notEqual(codeOf(8, 3, levels), codes[3]);
  const firsts = codes.map((code) => parseCode(code, levels)?.[0]);
  for (let choice = 0; choice < 8; choice++) {
    const times = firsts.filter((one) => one === choice).length;
    assert.ok(Math.abs(times - 250) < 60, `${choice}: ${times} of 2000`);
  }
});

test('rows are drawn half a screen before they come into sight', () => {
  assert.deepEqual(sightOf(-200, 800, 100), { first: 0, last: 10 });
  assert.deepEqual(sightOf(5000, 800, 100), { first: 46, last: 62 });
});

const options = needsBrowser();
const server = serverForTests();

test('scrolls on without end, with no more in the page than is seen', options, async () => {
  const { page, problems } = await visit(`${server.url}/#/wall?model=digits-32`);
  const bricks = page.locator('.wall-bricks a');
  await bricks.first().waitFor();
  const first = await bricks.first().getAttribute('href');
  for (let n = 0; n < 12; n++) {
    await page.mouse.wheel(0, 800);
    await page.waitForFunction((least) => scrollY > least, n * 400);
  }
  await page.waitForFunction(() => Number(document.querySelector<HTMLElement>('[data-index]')?.dataset.index) > 400);
  // Two screens of rows, however far.
  assert.ok((await bricks.count()) < 240, `${await bricks.count()} pictures`);
  await screenshot(page, 'wall-scrolled');
  await page.evaluate('scrollTo(0, 0)');
  await page.locator('[data-index="0"]').waitFor();
  assert.equal(await bricks.first().getAttribute('href'), first);
  await page.getByRole('button', { name: 'New pictures' }).click();
  assert.notEqual(await bricks.first().getAttribute('href'), first);
  assert.deepEqual(problems, []);
});

test('arrows go through the pictures, Enter opens one in Create', options, async () => {
  const { page } = await visit(`${server.url}/#/wall?model=digits-32`);
  await page.locator('[data-index="0"]').focus();
  const standing = (at: number) =>
    until(async () => Number(await page.evaluate('document.activeElement.dataset.index')) === at, `at ${at}`);
  await page.keyboard.press('ArrowRight');
  await standing(1);
  for (let n = 1; n <= 10; n++) {
    await page.keyboard.press('ArrowDown');
    await standing(1 + 12 * n);
  }
  const code = /digits-32%40\w{8}%2F([\w-]+)/.exec((await page.evaluate('document.activeElement.href')) as string)?.[1];
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'More like this' }).waitFor();
  assert.match((await page.locator('.facts').textContent()) ?? '', new RegExp(code ?? 'none'));
});
