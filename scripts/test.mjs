// Runs the tests, compiled; Node 20's --test takes no glob, so the files are listed here.
// Arguments name folders or parts of file names to run: `npm test core/random`. Arguments that begin with - go to Node.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { compile, compiled } from './make/compiled.mjs';

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const options = process.argv.slice(2).filter((word) => word.startsWith('-'));
const files = readdirSync('test', { recursive: true })
  .map((name) => join('test', String(name)))
  .filter((name) => name.endsWith('.test.ts') && (wanted.length === 0 || wanted.some((word) => name.includes(word))))
  .sort();
if (files.length === 0) {
  console.error(`No test file matches: ${wanted.join(' ')}`);
  process.exit(1);
}
compile();
// No telemetry, also for tests that load ONNX Runtime directly.
const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' };
// One more than there are cores: many wait for a browser, a server or a deadline.
const parallel = `--test-concurrency=${availableParallelism() + 1}`;
const run = spawnSync(
  process.execPath,
  ['--enable-source-maps', parallel, ...options, '--test', ...files.map(compiled)],
  { stdio: 'inherit', env },
);
process.exit(run.status ?? 1);
