import assert from 'node:assert/strict';
import { test } from 'node:test';
import { curlCall, needsPictures, pythonCall, requestBody, typescriptCall } from '../../src/web/views/models/calls.ts';
import { allFigures, mainFigures, stagesOf } from '../../src/web/views/models/figures.ts';
import { meanMs, parseSamples, runsOf, total } from '../../src/web/views/models/speed.ts';
import { needsBrowser, screenshot, serverForTests, visit } from './browser.ts';

const recipe = {
  model: 'avatars-64',
  count: 2,
  seed: 7,
  sampler: { top: 3 },
  guides: [
    { name: 'text', weight: 1, params: { prompt: 'a "red" hat' } },
    { name: 'color', weight: 0.5, params: { image: `data:image/png;base64,${'A'.repeat(1000)}` } },
  ],
};
const asking = { recipe, origin: 'http://127.0.0.1:8080', hasKey: false };

test('a recipe becomes a minimal request body, with placeholders for pictures', () => {
  const body = requestBody(recipe);
  assert.deepEqual(body.guides, [
    { name: 'text', params: { prompt: 'a "red" hat' } },
    { name: 'color', weight: 0.5, params: { image: 'BASE64 OF YOUR PICTURE' } },
  ]);
  assert.ok(needsPictures(recipe));
  assert.deepEqual(requestBody({ guides: [], count: 1, seed: null, sampler: {} }), { guides: [] });
});

test('calls contain valid JSON and the key if required, and list omitted guides', () => {
  const [, json = ''] = curlCall(asking).split(/JSON' \| .*\n/);
  assert.deepEqual(JSON.parse(json.replace(/\nJSON$/, '')), requestBody(recipe));
  assert.match(curlCall({ ...asking, hasKey: true }), /Bearer \$KANDID_KEY/);
  assert.match(typescriptCall(asking), /new KandidClient\(\{ url: 'http:\/\/127\.0\.0\.1:8080' \}\)/);
  const python = pythonCall(asking);
  assert.match(python, /prompt="a \\"red\\" hat",/);
  assert.match(python, /extra_body=\{"seed": 7\}/);
  assert.match(python, /left out/);
});

test('figures as rows: main metrics by title, all metrics by path', () => {
  const metrics = { reconstruction: { pictures: 1000, psnr_db: 32.059, per_side_db: { 4: 16.4 } }, by_level: [0.9, 1] };
  assert.deepEqual(mainFigures(metrics), [{ name: 'PSNR on 1,000 held-out pictures', value: '32.1 dB' }]);
  assert.deepEqual(mainFigures({}), []);
  assert.deepEqual(allFigures(metrics).slice(2), [
    { name: 'reconstruction, per side db, 4', value: '16.4' },
    { name: 'by level', value: '0.9  1' },
  ]);
  assert.deepEqual(stagesOf([{ side: 4 }, { side: 4 }, { side: 8 }]), [
    { side: 4, levels: 2 },
    { side: 8, levels: 1 },
  ]);
});

test('speed is measured since the last poll, or over all runs', () => {
  const samples = parseSamples(
    '# HELP x\nkandid_run_seconds_sum{model="a",graph="level"} 3\nkandid_run_seconds_count{model="a",graph="level"} 30\n' +
      'kandid_jobs_ended_total{kind="x",state="done"} 4\nkandid_jobs_ended_total{kind="y",state="done"} 1\n' +
      'kandid_jobs_ended_total{kind="y",state="failed"} 9',
  );
  const { a } = runsOf(samples, 'level');
  assert.deepEqual(runsOf(samples, 'decode'), {});
  assert.deepEqual(a, { seconds: 3, times: 30 });
  assert.equal(meanMs({ seconds: 3, times: 30 }), 100);
  assert.equal(meanMs({ seconds: 3, times: 30 }, { seconds: 2.5, times: 20 }), 50);
  assert.equal(meanMs({ seconds: 3, times: 30 }, { seconds: 3, times: 30 }), 100);
  assert.equal(meanMs({ seconds: 0, times: 0 }), null);
  assert.equal(total(samples, 'kandid_jobs_ended_total', { state: 'done' }), 5);
});

const options = needsBrowser();
const server = serverForTests();

test('the request of Create is shown as API calls; models are described', options, async () => {
  const { page, problems } = await visit(`${server.url}/#/create`);
  await page.getByLabel('Prompt').fill('a man with a green hat');
  await page.getByRole('link', { name: 'Models' }).click();
  await page.getByText('The server accepts requests.').waitFor();
  const call = page.locator('.copyable-block code');
  assert.match((await call.textContent()) ?? '', /"prompt": "a man with a green hat"/);
  await page.locator('.languages label').filter({ hasText: 'Python' }).click();
  assert.match((await call.textContent()) ?? '', /OpenAI\(base_url="http:\/\/127\.0\.0\.1:\d+\/v1"/);
  const card = page.getByRole('article', { name: 'Handwritten digits', exact: true });
  assert.match((await card.textContent()) ?? '', /3: 3 of 32 × 32.*9 bits.*16\.3 dB.*CC BY-SA 3\.0/);
  await page.waitForLoadState('load');
  await screenshot(page, 'models-calls');
  await card.getByRole('link', { name: 'Tree' }).click();
  await page.getByText('Level 1 of 3', { exact: true }).waitFor();
  assert.deepEqual(problems, []);
});

test('the server accepts the curl call', options, async () => {
  const { page } = await visit(`${server.url}/#/models`);
  const text = (await page.locator('.copyable-block code').textContent()) ?? '';
  const body = text.slice(text.indexOf('\n{') + 1, text.lastIndexOf('\nJSON'));
  const request = { ...JSON.parse(body), model: 'digits-32' };
  const answer = await fetch(`${server.url}/v1/generate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  assert.equal(answer.status, 200, await answer.text());
});
