import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { BLOCK, Blocks } from '../../src/web/views/wall/blocks.ts';
import { sightOf } from '../../src/web/views/wall/sight.ts';
import { needsBrowser, screenshot, serverForTests, until, visit } from './browser.ts';

/** A wall whose blocks are answered by the test. */
function wall() {
  const asked: number[] = [];
  const answers = new Map<number, (failed?: Error) => void>();
  const blocks = new Blocks((block, signal) => {
    asked.push(block);
    return new Promise((resolve, reject) => {
      const pictures = Array.from({ length: BLOCK }, (_, n) => ({ codeString: `${block}/${n}`, url: '' }));
      answers.set(block, (failed) => (failed ? reject(failed) : resolve(pictures)));
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  });
  const answer = async (block: number, failed?: Error) => {
    answers.get(block)?.(failed);
    await breathe();
  };
  return { blocks, asked, answer };
}

test('visible blocks are requested in order, two at a time, each once', async () => {
  const { blocks, asked, answer } = wall();
  blocks.show(0, 3 * BLOCK);
  assert.deepEqual(asked, [0, 1]);
  assert.equal(blocks.at(5), null);
  await answer(0);
  assert.deepEqual(asked, [0, 1, 2]);
  assert.equal(blocks.at(5)?.codeString, '0/5');
  blocks.show(1, 3 * BLOCK);
  assert.deepEqual(asked, [0, 1, 2]);
});

test('blocks out of sight are cancelled, and requested again when visible', async () => {
  const { blocks, asked, answer } = wall();
  blocks.show(0, 2 * BLOCK);
  blocks.show(10 * BLOCK, 11 * BLOCK);
  await breathe();
  assert.deepEqual(asked, [0, 1, 10]);
  await answer(10);
  blocks.show(0, BLOCK);
  assert.deepEqual(asked, [0, 1, 10, 0]);
  assert.equal(blocks.error.value, null);
});

test('after a failure nothing is requested until a retry', async () => {
  const { blocks, asked, answer } = wall();
  blocks.show(0, 3 * BLOCK);
  await answer(0, new Error('The server is busy'));
  await answer(1);
  assert.deepEqual(asked, [0, 1]);
  assert.equal(blocks.error.value?.message, 'The server is busy');
  blocks.retry();
  assert.deepEqual(asked, [0, 1, 0, 2]);
});

test('rows are rendered half a screen before they become visible', () => {
  assert.deepEqual(sightOf(-200, 800, 100), { first: 0, last: 10 });
  assert.deepEqual(sightOf(5000, 800, 100), { first: 46, last: 62 });
});

const options = needsBrowser();
const server = serverForTests();

test('scrolls endlessly, with only the visible pictures in the document', options, async () => {
  const { page, problems } = await visit(`${server.url}/#/wall?model=digits-32`);
  const bricks = page.locator('.wall-bricks [data-index]');
  const link = page.locator('a[href][data-index="0"]');
  const first = await link.getAttribute('href');
  for (let n = 0; n < 12; n++) {
    await page.mouse.wheel(0, 800);
    await page.waitForFunction((least) => scrollY > least, n * 400);
  }
  await page.waitForFunction(() => Number(document.querySelector<HTMLElement>('[data-index]')?.dataset.index) > 400);
  // Two screens of rows, at any position.
  assert.ok((await bricks.count()) < 240, `${await bricks.count()} pictures`);
  await screenshot(page, 'wall-scrolled');
  await page.evaluate('scrollTo(0, 0)');
  assert.equal(await link.getAttribute('href'), first);
  await page.getByRole('button', { name: 'New pictures' }).click();
  await until(async () => (await link.getAttribute('href')) !== first, 'other pictures');
  assert.deepEqual(problems, []);
});

test('arrow keys move the focus, Enter opens a picture in Create', options, async () => {
  const { page } = await visit(`${server.url}/#/wall?model=digits-32`);
  await page.locator('a[href][data-index="0"]').focus();
  const standing = (at: number) =>
    until(async () => Number(await page.evaluate('document.activeElement.dataset.index')) === at, `at ${at}`);
  await page.keyboard.press('ArrowRight');
  await standing(1);
  for (let n = 1; n <= 10; n++) {
    await page.keyboard.press('ArrowDown');
    await standing(1 + 12 * n);
  }
  await page.locator('a[href][data-index="121"]').waitFor();
  const code = /digits-32%40\w{8}%2F([\w-]+)/.exec((await page.evaluate('document.activeElement.href')) as string)?.[1];
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'More like this' }).waitFor();
  assert.match((await page.locator('.facts').textContent()) ?? '', new RegExp(code ?? 'none'));
});
