/** Ctrl-C and long arguments, as the operating system gives them: in processes of their own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';

import { seededRandom } from '../../src/kit/text-seeded-random.ts';
import { commandLine } from '../programs.ts';
import { kandid } from './fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-interrupt-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const out = join(folder, 'x.png');

const INTERRUPTS = 200;
/** Within this an interrupt comes, from while models are found to after the picture is written. */
const SPREAD_MS = 400;

test(`${INTERRUPTS} interrupts at random moments: one line each, or a picture`, async (t) => {
  const dumps = t.mock.method(console, 'error', () => {});
  const random = seededRandom('interrupts');
  for (let n = 0; n < INTERRUPTS; n++) {
    const controller = new AbortController();
    const run = kandid(['generate', 'a woman with red hair', '--model', 'tiny', '--out', out], {
      signal: controller.signal,
    });
    const timer = setTimeout(() => controller.abort(), random.next() * SPREAD_MS);
    const { code, err } = await run;
    clearTimeout(timer);
    if (code !== 0) {
      assert.equal(code, 1, err);
      assert.match(err, /^Cancelled [^\n]*\.$/, `interrupt ${n}`);
    }
  }
  assert.deepEqual(
    dumps.mock.calls.map(({ arguments: [first] }) => String(first)),
    [],
  );
});

async function kandidProcess(words: readonly string[]) {
  const child = spawn(process.execPath, commandLine(...words), {
    env: { ...process.env, KANDID_DEVICE: 'cpu' },
  });
  const said = text(child.stderr);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, err: (await said).trim() };
}

for (const length of [501, 31_000, 120_000])
  test(`a prompt of ${length} characters is refused in one line`, async () => {
    const { code, signal, err } = await kandidProcess([
      'generate',
      'x'.repeat(length),
      '--model',
      'tiny',
      '--out',
      out,
    ]);
    assert.deepEqual([code, signal], [2, null], err);
    assert.match(err, /^Guide "text": prompt: [^\n]*500 characters\.$/);
  });
