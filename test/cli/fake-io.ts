/** An Io that keeps what a command says, for tests. */
import { PassThrough } from 'node:stream';
import { type Io, type Pipes, twice } from '../../src/cli/io.ts';
import { runCommandLine } from '../../src/cli/program.ts';

export interface Said {
  readonly code: 0 | 1 | 2;
  readonly out: string;
  readonly err: string;
  readonly bytes: Uint8Array;
}

export interface FakeIo {
  readonly input?: Uint8Array;
  readonly signal?: AbortSignal;
  readonly environment?: NodeJS.ProcessEnv;
  readonly onCrash?: Io['onCrash'];
  readonly pipes?: Pipes;
}

/** Runs a command line in this process. */
export async function kandid(words: readonly string[], options: FakeIo = {}): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const parts: Uint8Array[] = [];
  let taken = false;
  const io: Io = {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    outBytes: async (bytes) => void parts.push(bytes),
    async input() {
      if (taken) throw twice();
      taken = true;
      return options.input ?? new Uint8Array();
    },
    terminal: null,
    log: () => (_, done) => done(),
    pipes: () => options.pipes ?? { input: new PassThrough(), output: new PassThrough(), log: (_, done) => done() },
    environment: { KANDID_DEVICE: 'cpu', ...options.environment },
    signal: options.signal ?? new AbortController().signal,
    onCrash: options.onCrash ?? (() => {}),
    endAfter: () => {},
  };
  const code = await runCommandLine(words, io);
  return { code, out: out.join('\n'), err: err.join('\n'), bytes: Buffer.concat(parts) };
}
