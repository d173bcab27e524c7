/** Time to open a bundle in a fresh process. */
import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KandidError } from '../../errors.ts';
import { median, round, type Timing, timingOf } from './timing.ts';

const RUNS = 3;
const LIMIT_MS = 120_000;

export interface LoadFigures {
  /** Libraries, hashes and all graphs. */
  readonly open: Timing;
  /** From the start of the process, with Node.js and the modules. */
  readonly process_ms: number;
}

export async function coldLoad(models: readonly string[], model: string, device: string): Promise<LoadFigures> {
  const runs = [];
  for (let run = 0; run < RUNS; run++) runs.push(await once({ models, model, device }));
  return { open: timingOf(runs.map(({ ms }) => ms)), process_ms: round(median(runs.map((one) => one.since_start_ms))) };
}

interface Answer {
  readonly ms: number;
  readonly since_start_ms: number;
}

function once(message: { models: readonly string[]; model: string; device: string }): Promise<Answer> {
  // Beside this file, both in the sources and in the build.
  const file = fileURLToPath(new URL(`./load-child${extname(import.meta.url)}`, import.meta.url));
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new KandidError('internal', { reason: `the loading process ${reason}` }));
    const child = fork(file, { stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.on('message', (answer) => resolve(answer as Answer));
    child.on('error', (error) => fail(`did not start: ${error.message}`));
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (code !== 0) fail(`ended with ${signal ?? code}`);
    });
    child.send(message);
  });
}
