import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { PictureQueue } from '../../src/worker/picture-queue.ts';

const SMALL = 64 * 64;
const LARGE = 2048 * 2048;

function queueOf() {
  const queue = new PictureQueue();
  const begun: string[] = [];
  const running = new Map<string, () => void>();
  const add = (name: string, client: string, pixels: number, signal?: AbortSignal) =>
    queue.add({
      client,
      pixels,
      signal,
      run: async () => {
        begun.push(name);
        await new Promise<void>((resolve) => running.set(name, resolve));
        return name;
      },
    });
  const end = async (name: string) => {
    running.get(name)?.();
    await breathe();
  };
  return { queue, begun, add, end };
}

test('one large picture at a time, and small ones overtake it', async () => {
  const { begun, add, end } = queueOf();
  const all = ['l1', 'l2'].map((name) => add(name, 'a', LARGE));
  all.push(add('s1', 'b', SMALL));
  assert.deepEqual(begun, ['l1', 's1']);
  await end('s1');
  await end('l1');
  assert.deepEqual(begun, ['l1', 's1', 'l2']);
  await end('l2');
  assert.deepEqual(await Promise.all(all), ['l1', 'l2', 's1']);
});

test('clients take turns: many pictures of one do not delay a picture of another', async () => {
  const { begun, add, end, queue } = queueOf();
  const all = Array.from({ length: 6 }, (_, i) => add(`a${i}`, 'a', LARGE));
  all.push(add('b', 'b', LARGE));
  await end('a0');
  assert.deepEqual(begun, ['a0', 'b']);
  await end('b');
  for (let i = 1; i < 6; i++) await end(`a${i}`);
  await Promise.all(all);
  assert.equal(queue.size, 0);
});

test('waiting work is dropped when its signal aborts, running work finishes', async () => {
  const { begun, add, end, queue } = queueOf();
  const controller = new AbortController();
  const first = add('a0', 'a', LARGE, controller.signal);
  const waiting = [1, 2, 3].map((i) => add(`a${i}`, 'a', LARGE, controller.signal));
  controller.abort(new Error('gone'));
  for (const one of waiting) await assert.rejects(one, /gone/);
  await assert.rejects(add('a4', 'a', LARGE, controller.signal), /gone/);
  assert.equal(queue.size, 1);
  await end('a0');
  assert.equal(await first, 'a0');
  assert.deepEqual(begun, ['a0']);
});

test('failed work frees its slot', async () => {
  const { queue, begun, add, end } = queueOf();
  const failing = queue.add({ client: 'a', pixels: LARGE, run: () => Promise.reject(new Error('no')) });
  const next = add('next', 'b', LARGE);
  await assert.rejects(failing, /no/);
  await breathe();
  assert.deepEqual(begun, ['next']);
  await end('next');
  await next;
});
