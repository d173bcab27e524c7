/** Forks one inference process, and reports its messages and its end. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { INFERENCE_OPTIONS } from '../../config.ts';
import {
  type ErrorData,
  errorFrom,
  type FromWorker,
  type ToWorker,
  type WorkerOptions,
} from '../../worker/messages.ts';

export interface ProcessListener {
  message(message: FromWorker): void;
  /** The process has ended, with a readable reason. Called once. */
  exit(reason: string): void;
}

/** The part of a process that the pool uses; tests supply their own. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** @throws {Error} if the message cannot be serialized: too deep, or not plain data */
  send(message: ToWorker): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export type StartProcess = (options: WorkerOptions, listener: ProcessListener) => WorkerProcess;

/** Worker entry point: TypeScript source, or compiled. */
const ENTRY = fileURLToPath(
  new URL(`../../worker/worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

/** Node.js options of this process that its children must not inherit. */
const OWN_OPTIONS = /^--(test|inspect|watch|prof|cpu-prof|heap-prof)/;

/** Characters of the last stderr output that are reported when it ends. */
const STDERR_TAIL = 1000;

export const forkWorker: StartProcess = (options, listener) => {
  const child = fork(ENTRY, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...new Set([...INFERENCE_OPTIONS, ...process.execArgv.filter((option) => !OWN_OPTIONS.test(option))])],
  });
  let stderrTail = '';
  let startupFailure: ErrorData | null = null;
  let over = false;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-STDERR_TAIL);
  });
  const end = (how: string) => {
    if (over) return;
    over = true;
    listener.exit(startupFailure ? errorFrom(startupFailure).message : withStderr(how, stderrTail));
  };
  child.on('message', (message: FromWorker) => {
    if (over) return;
    if (message.type === 'startupFailure') startupFailure = message.error;
    listener.message(message);
  });
  child.on('error', (error) => {
    if (child.pid === undefined) end(`could not be started: ${error.message}`);
  });
  child.on('close', (code, signal) => end(signal ? `killed by ${signal}` : `exit code ${code}`));
  sendTo(child, { type: 'open', options });
  return { pid: child.pid, send: (message) => sendTo(child, message), kill: (signal) => void child.kill(signal) };
};

/** A message to a process that is just ending is lost with it; its exit is reported anyway. */
function sendTo(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => {});
}

function withStderr(how: string, stderrTail: string): string {
  const last = stderrTail.replace(/\s+/g, ' ').trim();
  return last ? `${how}; it said: ${last}` : how;
}
