import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogOutput } from '../../src/server/log-output.ts';

type Done = (error?: Error | null) => void;

/** Holds back writes until the test releases them. */
function heldSink() {
  const held: { text: string; done: Done }[] = [];
  return { held, sink: (text: string, done: Done) => void held.push({ text, done }) };
}

test('lines are written in order, concurrent ones together', () => {
  const { held, sink } = heldSink();
  const output = new LogOutput(sink);
  for (const line of ['a\n', 'b\n', 'c\n']) output.write(line);
  held[0]?.done();
  assert.deepEqual(
    held.map(({ text }) => text),
    ['a\n', 'b\nc\n'],
  );
});

test('a full disk loses lines without busy retries; once it has room the log reports the loss', () => {
  let isFull = true;
  const written: string[] = [];
  let tries = 0;
  const output = new LogOutput((text, done) => {
    tries += 1;
    if (!isFull) written.push(text);
    done(isFull ? new Error('ENOSPC: no space left on device, write') : null);
  });
  for (const line of ['a\n', 'b\n']) output.write(line);
  assert.deepEqual([tries, output.dropped], [2, 2]);
  isFull = false;
  output.write('c\n');
  output.write('d\n');
  const [notice = '', c] = written[0]?.split('\n') ?? [];
  assert.deepEqual([JSON.parse(notice).lines, JSON.parse(notice).level, c], [2, 40, 'c']);
  assert.deepEqual(written.slice(1), ['d\n']);
});

test('a blocked reader costs bounded memory', () => {
  const { held, sink } = heldSink();
  const output = new LogOutput(sink, 10);
  for (let i = 0; i < 1000; i++) output.write('four\n');
  assert.equal(output.dropped, 1000 - 3);
  held[0]?.done();
  assert.match(held[1]?.text ?? '', /^\{.*"lines":997.*\}\nfour\nfour\n$/);
});
