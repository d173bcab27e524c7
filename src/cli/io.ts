/** The process as commands see it (standard streams, signals, environment), replaceable in tests. */
import type { Readable, Writable } from 'node:stream';
import { KandidError } from '../errors.ts';
import type { Sink } from '../server/log-output.ts';
import { standardOutput } from './log-sink.ts';

export interface Io {
  /** Writes a line to standard output: results. */
  out(line: string): void;
  /** Writes a line to standard error: everything else. */
  err(line: string): void;
  /** Writes bytes to standard output. */
  outBytes(bytes: Uint8Array): Promise<void>;
  /** Reads all of standard input; only once. @throws {KandidError} option_invalid the second time, file_unreadable */
  input(): Promise<Uint8Array>;
  /** Output of progress bars; null if it is not a terminal. */
  readonly terminal: NodeJS.WriteStream | null;
  /** Standard output for a log: writes are dropped rather than awaited. */
  log(): Sink;
  /** Standard input and output for a protocol between programs; standard error for its log. */
  pipes(): Pipes;
  readonly environment: NodeJS.ProcessEnv;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /** Called with every uncaught error; the process continues. */
  onCrash(listener: (error: unknown) => void): void;
  /** Exits after `ms` milliseconds if anything still keeps the process alive. */
  endAfter(ms: number): void;
}

export interface Pipes {
  readonly input: Readable;
  readonly output: Writable;
  readonly log: Sink;
}

const MAX_INPUT_BYTES = 256 * 2 ** 20;

/** The process itself. Ctrl-C aborts the signal; a second one ends the process. */
export function processIo(): Io {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1);
      controller.abort();
    });
  // If standard error can't be written, the message is lost.
  process.stderr.on('error', () => {});
  let isWatched = false;
  const stdout = () => {
    // A reader of the output may close the pipe (`| head`): that is not a failure.
    const end = (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1);
    if (!isWatched) process.stdout.on('error', end);
    isWatched = true;
    return process.stdout;
  };
  let taken = false;
  return {
    out: (line) => void stdout().write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    outBytes: (bytes) =>
      new Promise((resolve, reject) => stdout().write(bytes, (error) => (error ? reject(error) : resolve()))),
    async input() {
      if (taken) throw twice();
      taken = true;
      return await readAll(process.stdin);
    },
    terminal: process.stderr.isTTY ? process.stderr : null,
    log: standardOutput,
    pipes: () => ({
      input: process.stdin,
      output: stdout(),
      log: (text, done) => void process.stderr.write(text, done),
    }),
    environment: process.env,
    signal: controller.signal,
    onCrash: (listener) => {
      process.on('uncaughtException', listener);
      process.on('unhandledRejection', listener);
    },
    endAfter: (ms) => void setTimeout(() => process.exit(), ms).unref(),
  };
}

/** The error for two arguments that both read standard input. */
export function twice(): KandidError {
  return new KandidError('option_invalid', {
    option: '-',
    got: 'given twice',
    expected: 'only one input from standard input',
  });
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const part = Buffer.from(chunk as Uint8Array);
    length += part.length;
    if (length > MAX_INPUT_BYTES) {
      const reason = `more than ${MAX_INPUT_BYTES} bytes`;
      throw new KandidError('file_unreadable', { file: 'Standard input', reason });
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}
