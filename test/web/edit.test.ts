import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { drawAvatar, renderAvatar } from '../../src/lab/datasets/avatars.ts';
import { AVATAAARS } from '../../src/lab/datasets/styles/avataaars.ts';
import { findings, needsBrowser, screenshot, serverForTests, until, type Visit, visit } from './browser.ts';

const options = needsBrowser();
const server = serverForTests();

const opened = (hash = '#/edit'): Promise<Visit> => visit(`${server.url}/${hash}`);
const figures = (page: Page) => page.locator('.edit-figures li');
const finished = (page: Page) => figures(page).first().waitFor({ timeout: 120_000 });
/** The first figure in decibels. */
const nearness = async (page: Page) => Number.parseFloat((await figures(page).first().textContent()) ?? '');
const mode = (page: Page, name: string) => page.locator('.modes label').filter({ hasText: name }).click();

/** A simple face, wider than high. */
async function face(): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="300" height="200"><rect width="300" height="200" fill="#9cd"/>
    <path d="M80 200q0-60 70-60t70 60z" fill="#3a6ea5"/><circle cx="150" cy="100" r="60" fill="#edb98a"/>
    <path d="M90 90q0-70 60-70t60 70q-60-40-120 0z" fill="#2c1b18"/></svg>`;
  return await sharp(Buffer.from(svg)).png().toBuffer();
}

async function give(page: Page, n = 0): Promise<void> {
  const file = { name: `face-${n}.png`, mimeType: 'image/png', buffer: await face() };
  await page.locator('input[type=file]').nth(n).setInputFiles(file);
}

/** Paints over the middle of the board with the pointer. */
async function brush(page: Page): Promise<void> {
  await page.locator('.board').scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await page.locator('.board').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + width * 0.3, y + height * 0.5);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.7, y + height * 0.5, { steps: 5 });
  await page.mouse.up();
}

/** Share of the board that is painted. */
const PAINTED = `(() => {
  const canvas = document.querySelector('.board canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((value, i) => i % 4 === 3 && value > 0).length / (canvas.width * canvas.height);
})()`;
const painted = async (page: Page) => Number(await page.evaluate(PAINTED));
/** Waits for a share, as strokes are rendered asynchronously. */
const paintedIs = (page: Page, is: (share: number) => boolean) => until(async () => is(await painted(page)), `${is}`);
const paintedIsAbout = (page: Page, share: number) => paintedIs(page, (one) => Math.abs(one - share) < 1e-6);

test('a part is marked and repainted, compared before and after, and edited further', options, async () => {
  const { page, problems } = await opened();
  await page.getByRole('button', { name: 'Repaint' }).waitFor();
  assert.ok(await page.getByRole('button', { name: 'Repaint' }).isDisabled());
  await give(page);
  await page.getByText('face-0.png, 300 × 200.').waitFor();
  await brush(page);
  const share = await painted(page);
  assert.ok(share > 0.03 && share < 0.2, `${share} painted`);
  await page.getByLabel('Prompt (optional)').fill('sunglasses');
  await page.getByRole('button', { name: 'Repaint' }).click();
  await finished(page);
  // Unmarked parts are kept except for the seam.
  assert.ok((await nearness(page)) > 25, `${await nearness(page)} dB`);
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const made = await sharp(await (await downloading).path())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  assert.deepEqual([made.info.width, made.info.height], [300, 200]);
  // Far from the marked part every pixel equals that of the file.
  const given = await sharp(await face())
    .removeAlpha()
    .raw()
    .toBuffer();
  for (const y of [0, 199])
    assert.deepEqual(made.data.subarray(900 * y, 900 * (y + 1)), given.subarray(900 * y, 900 * (y + 1)));
  await screenshot(page, 'edit-repainted');
  const divider = page.getByRole('slider', { name: 'Divider of before and after' });
  await divider.focus();
  const half = await page.locator('.compare').screenshot();
  await page.keyboard.press('Home');
  assert.equal(await divider.getAttribute('aria-valuetext'), '0 % before, 100 % after');
  assert.notDeepEqual(await page.locator('.compare').screenshot(), half);
  await page.getByRole('button', { name: 'Continue with this one' }).click();
  await page.getByText('The result, 300 × 200').waitFor();
  await paintedIsAbout(page, 0);
  assert.equal(await page.locator('.offered li').count(), 1);
  assert.deepEqual(problems, []);
});

test('the brush by keyboard: paint, erase, invert, undo and redo', options, async () => {
  const { page } = await opened();
  await give(page);
  await page.locator('.board').focus();
  await page.keyboard.press('Space');
  await paintedIs(page, (share) => share > 0);
  const dab = await painted(page);
  for (let n = 0; n < 2; n++) await page.keyboard.press('Shift+ArrowRight');
  await page.keyboard.press('+');
  await page.keyboard.press('Space');
  await paintedIs(page, (share) => share > 2 * dab);
  await page.keyboard.press('Control+z');
  await paintedIsAbout(page, dab);
  await page.keyboard.press('Control+Shift+z');
  await paintedIs(page, (share) => share > 2 * dab);
  await page.keyboard.press('e');
  await page.keyboard.press('Space');
  await paintedIsAbout(page, dab);
  await page.getByRole('button', { name: 'Invert' }).click();
  await paintedIsAbout(page, 1 - dab);
  await page.getByRole('button', { name: 'Clear' }).click();
  await paintedIsAbout(page, 0);
});

test('sharpened, coloured, cleaned: figures show the distance to the input', options, async () => {
  const { page, problems } = await opened();
  await give(page);
  await mode(page, 'Sharpen');
  await page.getByLabel('All of the picture').uncheck();
  await page.getByRole('slider', { name: 'shrink first to' }).fill('1');
  await page.getByRole('button', { name: 'Sharpen' }).click();
  await finished(page);
  assert.match((await figures(page).first().textContent()) ?? '', /to the small picture, at 4 × 4/);
  await mode(page, 'Colour');
  await page.getByRole('button', { name: 'Colour it' }).click();
  await finished(page);
  assert.ok((await nearness(page)) > 15);
  await mode(page, 'Clean');
  await page.getByLabel('Add this noise to the picture first').check();
  await page.getByRole('button', { name: 'Clean it' }).click();
  await finished(page);
  assert.match((await figures(page).first().textContent()) ?? '', /without noise; the noisy one had \d+\.\d dB/);
  assert.deepEqual(problems, []);
});

test('a wide picture is sharpened as a whole, or only its middle square', options, async () => {
  const { page, problems } = await opened();
  const raw = { width: 64, height: 64, channels: 3 } as const;
  const one = await renderAvatar(AVATAAARS, drawAvatar(AVATAAARS, 'test-3'), 64);
  const both = sharp({ create: { ...raw, width: 128, background: '#fff' } }).composite([
    { input: one, raw, left: 0, top: 0 },
    { input: one, raw, left: 64, top: 0 },
  ]);
  const file = { name: 'wide.png', mimeType: 'image/png', buffer: await both.png().toBuffer() };
  await page.locator('input[type=file]').first().setInputFiles(file);
  await mode(page, 'Sharpen');
  await page.getByText('wide.png, 128 × 64.').waitFor();
  await page.getByRole('slider', { name: 'shrink first to' }).fill('3');
  await page.getByRole('button', { name: 'Sharpen' }).click();
  await finished(page);
  assert.match((await figures(page).first().textContent()) ?? '', /to the small picture, at 32 × 16/);
  assert.ok((await nearness(page)) > 20);
  await screenshot(page, 'edit-sharpened-whole');
  await page.getByLabel('All of the picture').uncheck();
  await page.getByText('wide.png, 128 × 64: its middle square').waitFor();
  await page.getByRole('button', { name: 'Sharpen' }).click();
  await finished(page);
  assert.match((await figures(page).first().textContent()) ?? '', /to the small picture, at 16 × 16/);
  assert.deepEqual(problems, []);
});

test('a style picture and a sketch', options, async () => {
  const { page, problems } = await opened();
  await give(page);
  await mode(page, 'Restyle');
  await page.getByText('Add the style picture').waitFor();
  await give(page, 1);
  await page.getByRole('button', { name: 'Restyle' }).click();
  await finished(page);
  await mode(page, 'Sketch');
  await page.getByRole('radio', { name: 'green', exact: true }).check();
  await brush(page);
  await page.getByRole('button', { name: 'Draw it' }).click();
  await finished(page);
  assert.match((await figures(page).first().textContent()) ?? '', /to the painted parts/);
  await screenshot(page, 'edit-sketched');
  assert.deepEqual(problems, []);
});

test('lines are filled in with painted colours, and with those of another picture', options, async () => {
  const { page, problems } = await opened();
  await mode(page, 'Fill in');
  await page.getByText('Draw some lines, or add a picture.').first().waitFor();
  await brush(page);
  await page
    .locator('label')
    .filter({ hasText: /^Colours$/ })
    .click();
  await page.getByRole('radio', { name: 'green', exact: true }).check();
  await brush(page);
  await page.getByRole('button', { name: 'Fill it in' }).click();
  await finished(page);
  assert.match((await figures(page).first().textContent()) ?? '', /to the painted parts/);
  await page.getByText('condition: a drawing in black and white').waitFor();
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const saved = await sharp(await (await downloading).path()).metadata();
  assert.deepEqual([saved.format, saved.width, saved.height], ['png', 512, 512]);
  await screenshot(page, 'edit-filled');
  assert.deepEqual(await findings(page), []);
  await page
    .locator('label')
    .filter({ hasText: /^Lines$/ })
    .click();
  assert.ok((await painted(page)) > 0, 'the lines were lost');
  await give(page, 1);
  await give(page, 0);
  await page.getByText("face-0.png, 300 × 200: its middle square, enlarged to the model's 256 × 256 pixels.").waitFor();
  await paintedIsAbout(page, 0);
  await page.getByRole('button', { name: 'Fill it in' }).click();
  await page.getByRole('button', { name: 'Continue with this one' }).click();
  await page.getByText("The result, 256 × 256: the model's own size.").waitFor();
  await page.getByRole('button', { name: 'Remove' }).first().click();
  await paintedIs(page, (share) => share > 0);
  assert.equal(await page.locator('.offered').first().locator('li').count(), 2);
  assert.deepEqual(problems, []);
});

test('a gray picture is coloured, as close to its gray as stated', options, async () => {
  const { page, problems } = await opened();
  await give(page);
  await mode(page, 'Fill in');
  await page.getByLabel('model').selectOption({ label: 'Colours for gray avatars' });
  await page.getByRole('button', { name: 'Fill it in' }).click();
  await finished(page);
  assert.ok((await nearness(page)) > 25, `${await nearness(page)} dB`);
  await mode(page, 'Sketch');
  await brush(page);
  await page.getByRole('button', { name: 'Draw it' }).click();
  await finished(page);
  assert.deepEqual(problems, []);
});

test('without whole: a square that is generated everywhere', options, async () => {
  const { page } = await opened();
  await give(page);
  await page.getByLabel('Keep the picture').uncheck();
  await page.getByText("face-0.png, 300 × 200: its middle square, shrunk to the model's 64 × 64 pixels.").waitFor();
  await brush(page);
  await page.getByRole('button', { name: 'Repaint' }).click();
  await finished(page);
  await page.getByRole('link', { name: 'Open in Create' }).waitFor();
});

test('kept pictures are in the history, and their links name the missing inputs', options, async () => {
  const { page, problems } = await opened();
  await mode(page, 'Fill in');
  await brush(page);
  await page.getByLabel('Prompt (optional)').fill('green hair');
  await page.getByRole('button', { name: 'Fill it in' }).click();
  await page.getByRole('button', { name: 'Download' }).waitFor({ timeout: 120_000 });
  await page.evaluate('navigator.clipboard.writeText = async (text) => { globalThis.copied = text; }');
  await page.getByRole('button', { name: 'Copy link' }).click();
  const link = String(await page.evaluate('globalThis.copied'));
  await page.goto(`${server.url}/#/create`);
  await page.reload();
  const entry = page.locator('.history-grid button');
  await entry.waitFor();
  await screenshot(page, 'create-history-kept');
  await entry.click();
  // Input and prompt are restored.
  await page.getByText("green hair, 256 × 256: the model's own size.").waitFor();
  assert.equal(await page.getByLabel('Prompt (optional)').inputValue(), 'green hair');
  await page.getByRole('button', { name: 'Fill it in' }).click();
  await page.getByRole('button', { name: 'Download' }).waitFor({ timeout: 120_000 });
  assert.deepEqual(problems, []);
  const other = await visit(link);
  await other.page.getByText('The link contains the settings but not the pictures (condition)').waitFor();
  assert.equal(await other.page.getByLabel('Prompt (optional)').inputValue(), 'green hair');
});

test('a TIFF file is recognised, with a remedy', options, async () => {
  const { page } = await opened();
  const buffer = await sharp(await face())
    .tiff()
    .toBuffer();
  await page.locator('input[type=file]').setInputFiles({ name: 'scan.tif', mimeType: 'image/tiff', buffer });
  await page
    .getByRole('alert')
    .getByText('scan.tif is a TIFF file, which browsers do not show. Save it as PNG or JPEG')
    .waitFor();
});

test('other files are refused with a message', options, async () => {
  const { page } = await opened();
  const file = { name: 'words.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') };
  await page.locator('input[type=file]').setInputFiles(file);
  await page.getByRole('alert').getByText("words.txt can't be read as a picture").waitFor();
});
