import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import type { LevelEvent } from '../../src/engine/search/events.ts';
import type { Picture } from '../../src/guide.ts';
import type { JobPreview, Previews } from '../../src/worker/messages.ts';
import { Previewer } from '../../src/worker/previews.ts';
import { FakeClock } from '../clock.ts';

const picture: Picture = { data: new Float32Array(3), channels: 3, width: 1, height: 1 };

function levelEvent(level: number, count = 1): LevelEvent {
  const each = <T>(value: T) => Array.from({ length: count }, () => value);
  return {
    type: 'level',
    level,
    levels: 9,
    side: 1,
    choices: each(level),
    codes: each([level]),
    scores: each(null),
    guideScores: [],
    previews: each(picture),
    timings: { network: 0, guides: 0, engine: 0 },
  };
}

function previewer({ images = 4, perSecond = 10, levels }: Partial<Previews> = {}) {
  const clock = new FakeClock();
  const posted: JobPreview[] = [];
  const errors: unknown[] = [];
  const pending: (() => void)[] = [];
  const options = { fails: false };
  const made = new Previewer({
    spec: { format: 'webp', quality: 80, images, perSecond, levels },
    clock,
    encode: async () => {
      await new Promise<void>((resolve) => {
        pending.push(resolve);
      });
      if (options.fails) throw new Error('no');
      return { bytes: Uint8Array.of(1), mime: 'image/webp', width: 1, height: 1 };
    },
    post: (event) => posted.push(event),
    onError: (error) => errors.push(error),
  });
  /** Completes all encodings in progress. */
  const encode = async () => {
    for (let next = pending.shift(); next; next = pending.shift()) {
      next();
      await breathe();
    }
  };
  return { made, clock, posted, errors, encode, options, pending, shown: () => posted.map(({ level }) => level) };
}

test('the first level is sent at once, for the requested number of results', async () => {
  const { made, posted, encode } = previewer({ images: 2 });
  made.show(levelEvent(0, 3));
  await encode();
  assert.deepEqual(
    posted.map(({ image, level, choice }) => [image, level, choice]),
    [
      [0, 0, 0],
      [1, 0, 0],
    ],
  );
});

test('after a preview is received, only the latest level is encoded', async () => {
  const { made, clock, encode, shown, pending } = previewer();
  made.show(levelEvent(0));
  await encode();
  clock.pass(1000);
  for (const level of [1, 2, 3]) made.show(levelEvent(level));
  assert.equal(pending.length, 0);
  made.taken(0);
  await encode();
  assert.deepEqual(shown(), [0, 3]);
});

test('levels during an encoding replace each other', async () => {
  const { made, clock, encode, shown } = previewer();
  made.show(levelEvent(0));
  made.show(levelEvent(1));
  made.show(levelEvent(2));
  made.taken(0);
  await encode();
  clock.pass(100);
  await encode();
  assert.deepEqual(shown(), [0, 2]);
});

test('the rate of previews is limited', async () => {
  const { made, clock, encode, shown } = previewer({ perSecond: 10 });
  made.show(levelEvent(0));
  await encode();
  made.taken(0);
  made.show(levelEvent(1));
  clock.pass(99);
  await encode();
  assert.deepEqual(shown(), [0]);
  clock.pass(1);
  await encode();
  assert.deepEqual(shown(), [0, 1]);
});

test('an acknowledgement of an earlier level does not count for a later one', async () => {
  const { made, clock, encode, shown } = previewer();
  made.show(levelEvent(0));
  await encode();
  made.taken(0);
  clock.pass(100);
  made.show(levelEvent(1));
  await encode();
  made.taken(0);
  clock.pass(100);
  made.show(levelEvent(2));
  await encode();
  assert.deepEqual(shown(), [0, 1]);
});

test('after close nothing is sent and no timer remains', async () => {
  const { made, clock, encode, shown } = previewer();
  made.show(levelEvent(0));
  await encode();
  made.taken(0);
  made.show(levelEvent(1));
  void made.close();
  clock.pass(1000);
  await encode();
  assert.deepEqual(shown(), [0]);
  assert.equal(clock.waiting, 0);
});

test('an encoding in progress at close is sent and awaited', async () => {
  const { made, encode, shown } = previewer();
  made.show(levelEvent(0));
  made.show(levelEvent(1));
  const closing = made.close();
  await encode();
  await closing;
  assert.deepEqual(shown(), [0]);
});

test('requested levels are all sent', async () => {
  const { made, encode, shown, posted } = previewer({ levels: [1, 2, 4] });
  for (const level of [0, 1, 2, 3, 4]) made.show(levelEvent(level));
  const closing = made.close();
  for (let i = 0; i < 3; i++) {
    await breathe();
    await encode();
  }
  await closing;
  assert.deepEqual(shown(), [1, 2, 4]);
  assert.ok(posted.every(({ kept }) => kept));
});

test('a picture that cannot be encoded is reported, and the next level is tried', async () => {
  const { made, clock, encode, shown, errors, options } = previewer();
  options.fails = true;
  made.show(levelEvent(0));
  await encode();
  assert.equal(errors.length, 1);
  options.fails = false;
  made.taken(0);
  clock.pass(100);
  made.show(levelEvent(1));
  await encode();
  assert.deepEqual(shown(), [1]);
});
