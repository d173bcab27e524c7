/** Restarts a measuring command with the Node.js options of the server's inference processes. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { INFERENCE_OPTIONS } from '../config.ts';

/** Whether this process already has the options. */
export function isInferenceProcess(): boolean {
  return INFERENCE_OPTIONS.every((option) => process.execArgv.includes(option));
}

/** Runs the current command again with the options; resolves to its exit code. */
export async function respawn(): Promise<number> {
  const child = spawn(process.execPath, [...INFERENCE_OPTIONS, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
  });
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, forward);
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
}
