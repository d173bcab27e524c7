import assert from 'node:assert/strict';
import { test } from 'node:test';
import { provenanceOf, recordedParams } from '../../../src/engine/tasks/provenance.ts';
import type { PreparedTask } from '../../../src/engine/tasks/task.ts';

test('only declared parameters with short plain values are recorded', () => {
  const recorded = ['prompt', 'labels', 'long', 'picture', 'missing', 'many'];
  const params = {
    prompt: 'a man',
    labels: { hair: 'red' },
    long: 'x'.repeat(1001),
    picture: new Uint8Array(3),
    many: Array(33).fill(1),
    url: 'https://example.org/?key=secret',
    data: { key: 'secret' },
  };
  assert.deepEqual(recordedParams({ recorded }, params), { prompt: 'a man', labels: { hair: 'red' } });
  assert.deepEqual(recordedParams({}, params), {});
});

const model = { network: { info: { name: 'tiny' } }, bundle: { hash: 'abc' } } as PreparedTask['model'];
const guides = [{ name: 'x', weight: 2, recorded: { level: 9 } }];

test('weights changed during the request are recorded', () => {
  const task = { kind: 'generate', model, seed: 5, guides } as const;
  assert.deepEqual(provenanceOf('1', task, { origin: { code: null, level: 2 } }, [-1]), {
    kandid: '1',
    model: 'tiny',
    hash: 'abc',
    code: null,
    level: 2,
    seed: 5,
    guides: [{ name: 'x', weight: -1, params: { level: 9 } }],
  });
});

test('a picture decoded from a code has neither seed nor guides', () => {
  const task = { kind: 'decode', model, seed: 0, guides: [] } as const;
  assert.deepEqual(provenanceOf('1', task, { origin: { code: 'OQ' } }), {
    kandid: '1',
    model: 'tiny',
    hash: 'abc',
    code: 'OQ',
  });
});
