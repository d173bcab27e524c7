import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { checkThread, inTurn } from '../../../src/runtime/webgpu/one-run.ts';

test('work begins when all that was given before has ended, failures included', async () => {
  const log: string[] = [];
  const work = (name: string, milliseconds: number, fails = false) =>
    inTurn(async () => {
      log.push(`${name} begins`);
      await wait(milliseconds);
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([work('a', 20), work('b', 10, true), work('c', 0)]);
  assert.deepEqual(log, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('only the main thread may use it', () => {
  checkThread();
  assert.throws(() => checkThread(false), /main thread/);
});
