import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readPrompt, weightOf } from '../../../../guides/lib/clip/prompt.ts';

it('parses weights, and keeps other brackets', () => {
  assert.deepEqual(readPrompt('a man with (red hair:1.3) and (glasses: 0.5), (smiling)'), {
    text: 'a man with red hair and glasses, (smiling)',
    parts: [
      { text: 'red hair', weight: 1.3 },
      { text: 'glasses', weight: 0.5 },
    ],
  });
  assert.deepEqual(readPrompt('at 10:30 (or so:)'), { text: 'at 10:30 (or so:)', parts: [] });
});

it('a phrase has the weight of its words, or of the brackets around it', () => {
  const { parts } = readPrompt('(red hair:1.3), (a blue hat and boots:2)');
  assert.deepEqual(
    ['red hair', 'his red hair', 'boots', 'a man'].map((phrase) => weightOf(phrase, parts)),
    [1.3, 1.3, 2, 1],
  );
});

it('parses hostile brackets in linear time', () => {
  const begun = performance.now();
  readPrompt('('.repeat(5000) + ':'.repeat(5000));
  assert.ok(performance.now() - begun < 1000);
});
