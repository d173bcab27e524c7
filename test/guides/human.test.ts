import assert from 'node:assert/strict';
import { it } from 'node:test';
import human from '../../guides/human.ts';
import { GuideProblem, type PersonQuestion } from '../../src/guide.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { paint, scoresOf } from './pictures.ts';

const shades = [-0.5, 0.7, 0.1].map((value) => paint(8, 8, 3, () => [value, value, value]));
const brightest = async ({ pictures }: PersonQuestion) => {
  const means = pictures.map(({ data }) => data.reduce((sum, value) => sum + value, 0));
  return [means.indexOf(Math.max(...means))];
};

testGuide(human, {
  person: brightest,
  skip: {
    company: 'a person compares what is shown together',
    'equal candidates': 'a person may pick one of equals',
  },
});

it('scores the picks, best first, above the rest', async () => {
  const questions: PersonQuestion[] = [];
  const person = async (question: PersonQuestion) => {
    questions.push(question);
    return [2, 0, 2];
  };
  const guide = await human.create(human.params.parse({ question: 'Which one?' }), fakeContext({ person }));
  assert.deepEqual(await scoresOf(guide, ...shades), [1, 0, 2]);
  assert.equal(questions[0]?.text, 'Which one?');
  assert.equal(questions[0]?.pictures.length, 3);
  assert.deepEqual(questions[0]?.pictures[1]?.data, shades[1]?.data);
});

it('shows continuations of candidates, if available and requested', async () => {
  const seen: (readonly unknown[] | undefined)[] = [];
  const person = async ({ finishes }: PersonQuestion) => {
    seen.push(finishes);
    return [];
  };
  const ends = [0, 1, 2, 3].map((n) => paint(32, 32, 3, () => [n / 4, 0, 0]));
  const candidates = { data: new Float32Array(4 * 48), batch: 2, count: 2, channels: 3, side: 4 };
  const level = { index: 0, levels: 1, side: 4, finalSide: 64 };
  const { signal } = new AbortController();
  for (const finishes of [true, false]) {
    const guide = await human.create(human.params.parse({ finishes }), fakeContext({ person }));
    await guide.score({ ...candidates, finishes: async () => ends }, level, signal);
  }
  const guide = await human.create(human.params.parse({}), fakeContext({ person }));
  await guide.score({ ...candidates, batch: 1 }, level, signal);
  assert.deepEqual(seen, [ends.slice(0, 2), ends.slice(2), undefined, undefined, undefined]);
});

it('has no preference if nothing is picked', async () => {
  const guide = await human.create(human.params.parse({}), fakeContext({ person: async () => [] }));
  assert.deepEqual(await scoresOf(guide, ...shades), [0, 0, 0]);
});

it('refuses a request without a person, and picks that were not shown', async () => {
  assert.throws(() => human.create(human.params.parse({}), fakeContext()), GuideProblem);
  const guide = await human.create(human.params.parse({}), fakeContext({ person: async () => [3] }));
  await assert.rejects(async () => scoresOf(guide, ...shades), /picked picture 3: expected whole numbers from 0 to 2/);
});

it('is active at the first levels of each side, and has a long timeout', async () => {
  const params = human.params.parse({ questionsPerSide: 2, patienceSeconds: 300 });
  const { prefers } = await human.create(params, fakeContext({ person: brightest }));
  const levels = [4, 4, 4, 8, 8, 8].map((side, index) => ({ index, side, levels: 6, finalSide: 8 }));
  const backwards = await human.create(params, fakeContext({ person: brightest }));
  for (const level of [...levels].reverse()) backwards.prefers?.asks?.(level);
  assert.deepEqual(
    levels.map((level) => backwards.prefers?.asks?.(level)),
    [true, true, false, true, true, false],
    'also where somebody asked from the last level on',
  );
  const asked = levels.map((level) => prefers?.asks?.(level));
  assert.deepEqual(asked, [true, true, false, true, true, false]);
  assert.deepEqual(
    levels.map((level) => prefers?.asks?.(level)),
    asked,
    'asked again, it says the same',
  );
  assert.equal(prefers?.patienceSeconds, 300);
});

it('forwards the abort to the person', async () => {
  const person = (_: PersonQuestion, signal: AbortSignal) =>
    new Promise<number[]>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const guide = await human.create(human.params.parse({}), fakeContext({ person }));
  const abort = new AbortController();
  const candidates = { data: new Float32Array(2 * 3 * 64), batch: 1, count: 2, channels: 3, side: 8 };
  const answer = guide.score(candidates, { index: 0, levels: 1, side: 8, finalSide: 8 }, abort.signal);
  abort.abort(new Error('left'));
  await assert.rejects(async () => answer, /left/);
});
