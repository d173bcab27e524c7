import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeAt, columnsFor, finishedAt, numberOfCodes, parsePath } from '../../src/web/views/tree/place.ts';
import { needsBrowser, screenshot, serverForTests, visit } from './browser.ts';

const levelsOf = (count: number, candidates: number) => Array.from({ length: count }, () => ({ side: 4, candidates }));
const digits = { levels: levelsOf(3, 8) };

test('a path is cut at the first invalid choice', () => {
  assert.deepEqual(parsePath('3.5.1', digits), [3, 5, 1]);
  assert.deepEqual(parsePath(null, digits), []);
  assert.deepEqual(parsePath('3.8.1', digits), [3]);
  assert.deepEqual(parsePath('1.2.3.4', digits), [1, 2, 3]);
  assert.deepEqual(parsePath('x.-1', digits), []);
});

test('codes below a node begin with its path, and are deterministic', () => {
  const model = { levels: levelsOf(39, 64) };
  assert.equal(codeAt([1], model).length, 40);
  assert.ok(finishedAt([5, 6, 7], model).startsWith('FGH'));
  assert.equal(finishedAt([5, 6], model), finishedAt([5, 6], model));
  assert.notEqual(finishedAt([5, 6], model).slice(2), finishedAt([6, 5], model).slice(2));
});

test('number of codes, and columns of the grid', () => {
  assert.equal(numberOfCodes(digits), '512');
  assert.equal(numberOfCodes({ levels: levelsOf(39, 64) }), 'about 10⁷⁰');
  assert.deepEqual([8, 64, 2].map(columnsFor), [4, 8, 2]);
});

const options = needsBrowser();
const server = serverForTests();

test('three levels deep by click, up by keyboard and breadcrumbs, and on to Create', options, async () => {
  const { page, problems } = await visit(`${server.url}/#/tree`);
  const choices = page.locator('.tree-children button');
  await choices.nth(7).waitFor();
  assert.equal(await choices.count(), 8);
  for (const [n, choice] of [2, 5, 1].entries()) {
    await page.getByText(`Level ${n + 1} of 3`, { exact: true }).waitFor();
    await choices.nth(choice).click();
  }
  await page.getByText('Neighbours').waitFor();
  await page.waitForLoadState('networkidle');
  await screenshot(page, 'tree-leaf');
  assert.match(page.url(), /at=2\.5\.1$/);
  assert.equal(await page.locator('.crumbs li').count(), 4);
  const drawn = await page.evaluate('document.querySelector(".tree-now > img").naturalWidth');
  assert.ok(Number(drawn) > 0);
  await page.keyboard.press('Backspace');
  await page.getByText('Level 3 of 3', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Level 1, choice 3' }).click();
  await page.getByText('Level 2 of 3', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Open one in Create' }).click();
  await page.getByText('Keeps the first 1 level of a picture').waitFor();
  assert.deepEqual(problems, []);
});

test('down and up by keyboard, with the focus kept', options, async () => {
  const { page } = await visit(`${server.url}/#/tree`);
  await page.locator('.tree-children button').first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByText('Level 2 of 3', { exact: true }).waitFor();
  assert.match(page.url(), /at=5$/);
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.getByText('Level 3 of 3', { exact: true }).waitFor();
  await page.keyboard.press('Backspace');
  await page.getByText('Level 2 of 3', { exact: true }).waitFor();
  const focused = await page.evaluate('document.activeElement.getAttribute("aria-label")');
  assert.equal(focused, 'Choice 8 of 8');
});

test('other models have their own grid', options, async () => {
  const { page, problems } = await visit(`${server.url}/#/tree`);
  await page.getByLabel('model').selectOption('avatars-64');
  await page.getByText(/^Level 1 of \d\d$/).waitFor();
  assert.ok((await page.locator('.tree-children button').count()) >= 64);
  assert.deepEqual(problems, []);
});
