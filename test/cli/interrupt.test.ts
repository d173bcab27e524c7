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

const INTERRUPTS = 50;

const generate = (signal: AbortSignal) =>
  kandid(['generate', 'a woman with red hair', '--model', 'tiny', '--out', out], { signal });

/** How long it takes that nobody interrupts, once everything was loaded before. */
async function uninterruptedMs(): Promise<number> {
  await generate(new AbortController().signal);
  const start = performance.now();
  await generate(new AbortController().signal);
  return performance.now() - start;
}

test(`${INTERRUPTS} interrupts at random moments: one line each, or a picture`, async (t) => {
  const dumps = t.mock.method(console, 'error', () => {});
  const random = seededRandom('interrupts');
  // From while models are found to after the picture is written.
  const spread = 1.2 * (await uninterruptedMs());
  let cancelled = 0;
  for (let n = 0; n < INTERRUPTS; n++) {
    const controller = new AbortController();
    // The moment of the interrupt is what is tested: a real timer, within the run's own time.
    const timer = setTimeout(() => controller.abort(), random.next() * spread);
    const { code, err } = await generate(controller.signal);
    clearTimeout(timer);
    if (code !== 0) {
      cancelled += 1;
      assert.equal(code, 1, err);
      assert.match(err, /^Cancelled [^\n]*\.$/, `interrupt ${n}`);
    }
  }
  assert.ok(cancelled > 0, 'no interrupt came in time');
  t.diagnostic(`${cancelled} came in time, within ${spread.toFixed(0)} ms`);
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
