import assert from 'node:assert/strict';
import { test } from 'node:test';
import { views } from '../../src/web/views.ts';
import { findings, needsBrowser, SCREENSHOTS, screenshot, serverForTests, visit } from './browser.ts';

const options = needsBrowser();
const WIDTHS = [360, 1280];
const THEMES = ['light', 'dark'] as const;

const server = serverForTests();

/** Waits for the end of all finite animations. */
const STILL = `Promise.allSettled(
  document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
    .map((one) => one.finished),
)`;

for (const { name } of views)
  for (const theme of THEMES)
    test(`${name}, ${theme}: no overflow, accessible, no console errors`, options, async (t) => {
      for (const width of WIDTHS) {
        const { page, problems, close } = await visit(`${server.url}/#/${name}`, { width, theme });
        await page.waitForLoadState('networkidle');
        await screenshot(page, `${name}-${width}-${theme}`);
        await page.evaluate(STILL);
        const wide = await page.evaluate('document.documentElement.scrollWidth');
        assert.ok(Number(wide) <= width, `${wide} pixels wide at ${width}`);
        assert.deepEqual(await findings(page), []);
        assert.deepEqual(problems, []);
        await close();
      }
      t.diagnostic(`screenshots in ${SCREENSHOTS}`);
    });
