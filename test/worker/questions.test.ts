import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import type { PersonQuestion, Picture } from '../../src/guide.ts';
import type { JobChosen, JobQuestion } from '../../src/worker/messages.ts';
import { Questions } from '../../src/worker/questions.ts';
import { FakeClock } from '../clock.ts';

const pictures: Picture[] = Array.from({ length: 5 }, (_, k) => ({
  data: new Float32Array(3 * 16).fill(k / 5),
  channels: 3,
  width: 4,
  height: 4,
}));
const question: PersonQuestion = {
  descent: 2,
  level: { index: 7, levels: 9, side: 4, finalSide: 8 },
  pictures,
  text: 'Which?',
};

function questions() {
  const clock = new FakeClock();
  const posted: (JobQuestion | JobChosen)[] = [];
  const sheets: Picture[] = [];
  const made = new Questions({
    seconds: 60,
    clock,
    encode: async (picture) => {
      sheets.push(picture);
      return { bytes: Uint8Array.of(1), mime: 'image/png', width: picture.width, height: picture.height };
    },
    post: (event) => posted.push(event),
  });
  return { made, clock, posted, sheets };
}

test('a person receives a contact sheet and answers', async () => {
  const { made, clock, posted, sheets } = questions();
  const asking = made.ask(question, new AbortController().signal);
  await breathe();
  const [asked] = posted;
  assert.ok(asked?.type === 'question');
  const { bytes: _, mime: __, ...rest } = asked;
  assert.deepEqual(rest, {
    type: 'question',
    question: 0,
    image: 2,
    level: 7,
    side: 4,
    text: 'Which?',
    seconds: 60,
    count: 5,
    finishes: 0,
    columns: 3,
    gap: 4,
    width: 3 * 64 + 2 * 4,
    height: 2 * 64 + 4,
  });
  assert.equal(sheets[0]?.width, rest.width);
  made.answer(9, [1]);
  made.answer(0, [3, 1]);
  assert.deepEqual(await asking, [3, 1]);
  assert.deepEqual(posted[1], { type: 'chosen', question: 0, picks: [3, 1], by: 'person' });
  made.answer(0, [2]);
  assert.equal(posted.length, 2);
  assert.equal(clock.waiting, 0);
});

test('without an answer in time there is no preference', async () => {
  const { made, clock, posted } = questions();
  const asking = made.ask(question, new AbortController().signal);
  await breathe();
  clock.pass(60_000);
  assert.deepEqual(await asking, []);
  assert.deepEqual(posted[1], { type: 'chosen', question: 0, picks: [], by: 'time' });
});

test('a cancelled question is closed', async () => {
  const { made, clock } = questions();
  const controller = new AbortController();
  const asking = made.ask(question, controller.signal);
  await breathe();
  controller.abort(new Error('over'));
  await assert.rejects(asking, /over/);
  assert.equal(clock.waiting, 0);
});

test('continuations of the pictures follow on the sheet, in cells of the same size', async () => {
  const { made, posted, sheets } = questions();
  const finishes = pictures.map((_, k) => ({
    data: new Float32Array(3 * 32 * 32).fill(-k / 5),
    channels: 3,
    width: 32,
    height: 32,
  }));
  const asking = made.ask({ ...question, finishes }, new AbortController().signal);
  await breathe();
  const [asked] = posted;
  assert.ok(asked?.type === 'question');
  assert.deepEqual([asked.count, asked.finishes, asked.columns], [5, 5, 3]);
  assert.equal(asked.height, 4 * (64 + 4) - 4, 'ten cells in rows of three');
  const { data, width } = sheets[0] as Picture;
  // The fifth continuation is the last of ten pictures: alone in the fourth row.
  assert.ok(Math.abs((data[3 * 68 * width] as number) + 4 / 5) < 1e-6);
  made.answer(0, []);
  await asking;
});
