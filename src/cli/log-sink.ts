/** Standard output as a log sink: a write never blocks or ends the process. */
import { fstatSync, write } from 'node:fs';
import { isatty } from 'node:tty';
import type { Sink } from '../server/log-output.ts';

const STDOUT = 1;

/**
 * Node writes to pipes, sockets and terminals asynchronously, but to files synchronously and through a stream that the
 * first error closes permanently; files are written here instead, so that logging resumes when a full disk has room
 * again.
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
