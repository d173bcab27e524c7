/**
 * Responsiveness of the page. Its causes are always checked; milliseconds are meaningful on an idle machine, so they are only
 * checked with KANDID_MEASURE=1.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsBrowser, serverForTests, visit } from './browser.ts';

const options = needsBrowser();
const isMeasured = process.env.KANDID_MEASURE === '1';
const REPEATS = isMeasured ? 9 : 1;
const server = serverForTests();

function figures(times: readonly number[]): { median: number; text: string } {
  const sorted = [...times].sort((a, b) => a - b);
  const [median = 0, slowest = 0] = [sorted[sorted.length >> 1], sorted.at(-1)];
  return { median, text: `median ${median.toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms of ${times.length}` };
}

for (const count of [1, 4])
  test(`prompt for ${count}: the first preview follows a click at once`, options, async (t) => {
    const { page, close } = await visit(server.url);
    await page.getByRole('slider', { name: 'pictures' }).fill(String(count));
    await page.getByLabel('Prompt').fill('a woman with red hair');
    const times: number[] = [];
    const sides: number[] = [];
    for (let n = 0; n <= REPEATS; n++) {
      await page.evaluate(FIRST_PREVIEW);
      await page.getByRole('button', { name: 'Generate' }).click();
      const { ms, side } = (await page.evaluate('timed')) as { ms: number; side: number };
      times.push(ms);
      sides.push(side);
      await page.getByRole('button', { name: 'Generate' }).waitFor();
    }
    // It appears long before the picture: a level of few pixels.
    const finished = server.sides.at(-1) as number;
    for (const side of sides) assert.ok(side > 0 && side < finished, `the first pictures shown had sides ${sides}`);
    // The first request loads the guide.
    const { median, text } = figures(times.slice(1));
    t.diagnostic(`click to first preview: ${text}; the very first ${times[0]?.toFixed(0)} ms`);
    if (isMeasured) assert.ok(median < 200, text);
    await close();
  });

test('200 pictures in the history do not slow the page down', options, async (t) => {
  const { page, close } = await visit(server.url);
  await page.locator('.intro img').first().waitFor();
  await page.evaluate(FILL_HISTORY);
  await page.reload();
  await page.locator('.history-grid li').nth(199).waitFor({ state: 'attached' });
  await page.waitForLoadState('networkidle');
  // Only pictures near the viewport are fetched.
  const fetched = Number(await page.evaluate(LOADED));
  t.diagnostic(`${fetched} of 200 pictures were fetched`);
  assert.ok(fetched > 0 && fetched < 200, `${fetched}`);
  const times: number[] = [];
  for (const letter of 'a woman with a hat') {
    await page.evaluate(BEGIN_TIMING);
    await page.getByLabel('Prompt').press(letter === ' ' ? 'Space' : letter);
    times.push(Number(await page.evaluate('timed')));
  }
  assert.equal(await page.getByLabel('Prompt').inputValue(), 'a woman with a hat');
  for (let n = 0; n < 5; n++) {
    const entry = page.locator('.history-grid button').nth(n);
    await page.evaluate(BEGIN_TIMING);
    await entry.click();
    times.push(Number(await page.evaluate('timed')));
    // In the timed frame itself.
    assert.equal(await entry.getAttribute('aria-current'), 'true');
  }
  const { median, text } = figures(times);
  t.diagnostic(`interactions: ${text}`);
  if (isMeasured) assert.ok(median < 100, text);
  await close();
});

/** Writes a history like the page itself. */
const FILL_HISTORY = `new Promise(async (resolve, reject) => {
  const { models } = await (await fetch('/v1/models')).json();
  const { name: model, hash, bits } = models.find(({ isDefault }) => isDefault);
  const letters = Math.ceil((Math.ceil(bits / 8) * 8) / 6);
  const request = indexedDB.open('kandid', 1);
  request.onsuccess = () => {
    const transaction = request.result.transaction('made', 'readwrite');
    for (let n = 0; n < 200; n++) {
      const codeString = 'A' + String(n).padStart(3, '0') + 'A'.repeat(letters - 4);
      const recipe = { model, guides: [], count: 1, seed: n, sampler: {} };
      transaction.objectStore('made').put({ id: model + codeString, at: n, model, hash, codeString, recipe });
    }
    transaction.oncomplete = resolve;
    transaction.onerror = reject;
  };
})`;

/** Number of pictures of the history that the browser has fetched. */
const LOADED = `[...document.querySelectorAll('.history-grid img')].filter(({ complete, naturalWidth }) => complete && naturalWidth > 0).length`;

/** Milliseconds from the next key or click to the frame that shows its effect. */
const BEGIN_TIMING = `timed = new Promise((resolve) => {
  const begin = ({ timeStamp }) => {
    for (const type of ['keydown', 'pointerdown']) removeEventListener(type, begin, true);
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - timeStamp)));
  };
  for (const type of ['keydown', 'pointerdown']) addEventListener(type, begin, true);
}); 0`;

/** Milliseconds from the next click to the frame that shows a new picture on the stage, and its side. */
const FIRST_PREVIEW = `timed = new Promise((resolve) => {
  const old = new Set([...document.querySelectorAll('.tile img')].map((one) => one.src));
  addEventListener('pointerdown', ({ timeStamp }) => {
    const look = () => {
      const found = [...document.querySelectorAll('.tile img')].find((one) => !old.has(one.src) && one.complete);
      if (found) {
        const side = found.naturalWidth;
        requestAnimationFrame(() => setTimeout(() => resolve({ ms: performance.now() - timeStamp, side })));
      } else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { once: true, capture: true });
}); 0`;
