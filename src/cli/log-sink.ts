/** Standard output as a log may use it: no write of it ever blocks the process or ends it. */
import { fstatSync, write } from 'node:fs';
import { isatty } from 'node:tty';
import type { Sink } from '../server/log-output.ts';

const STDOUT = 1;

/**
 * Node writes to pipes, sockets and terminals as they take it, but to files at once and by a stream that one error ends for
 * good; files are written here instead, so that a disk with room again gets its lines again.
 */
export function standardOutput(): Sink {
  const about = fstatSync(STDOUT);
  if (about.isFile() || (about.isCharacterDevice() && !isatty(STDOUT))) return fileSink(STDOUT);
  process.stdout.on('error', () => {});
  return (text, done) => void process.stdout.write(text, done);
}

function fileSink(fd: number): Sink {
  return (text, done) => {
    const go = (bytes: Buffer) =>
      write(fd, bytes, (error, written) => {
        if (error || written >= bytes.length) done(error);
        else go(bytes.subarray(written));
      });
    go(Buffer.from(text));
  };
}
