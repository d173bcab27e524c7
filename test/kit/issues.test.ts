import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { firstIssue } from '../../src/kit/issues.ts';

const schema = z.strictObject({
  count: z.int().min(1).max(256).optional(),
  sharpness: z.number().positive().optional(),
  words: z.string().trim().min(1, 'expected some words').max(5).optional(),
  codes: z.array(z.number()).min(1).max(2).optional(),
  metric: z.enum(['l1', 'l2']).optional(),
  inner: z.strictObject({ prompt: z.string() }).optional(),
  size: z.union([z.string(), z.number()]).optional(),
});

const PROBLEMS: readonly [value: unknown, field: string, problem: string][] = [
  [{ count: 300 }, 'count', 'expected at most 256'],
  [{ count: 0 }, 'count', 'expected at least 1'],
  [{ count: 1.5 }, 'count', 'expected a whole number, received number'],
  [{ sharpness: 0 }, 'sharpness', 'expected more than 0'],
  [{ words: 'abcdefgh' }, 'words', 'expected at most 5 characters'],
  [{ words: ' ' }, 'words', 'expected some words'],
  [{ codes: [] }, 'codes', 'expected at least 1 entry'],
  [{ codes: [1, 2, 3] }, 'codes', 'expected at most 2 entries'],
  [{ metric: 'l3' }, 'metric', 'expected one of "l1", "l2"'],
  [{ size: [] }, 'size', 'expected string or number, received array'],
  [{ inner: {} }, 'inner.prompt', 'expected string, received nothing'],
  [{ inner: { prompt: '', steps: 3 } }, 'inner.steps', 'there is no such field'],
  [{ inner: { promt: '' } }, 'inner.promt', 'there is no such field'],
  [{ constructor: 3 }, 'constructor', 'there is no such field'],
  [5, '(all)', 'expected object, received number'],
];

for (const [value, field, problem] of PROBLEMS)
  test(`${field}: ${problem}`, () => {
    const { error } = schema.safeParse(value);
    assert.ok(error);
    assert.deepEqual(firstIssue(error), { field, problem });
  });

test('fields of other image APIs: what they are here', () => {
  for (const [field, hint] of [
    ['prompt', /no such field: words go to the guide text, as in "guides"/],
    ['n', /"count"/],
    ['width', /"size"/],
  ] as const) {
    const { error } = schema.safeParse({ [field]: 1 });
    assert.ok(error);
    assert.match(firstIssue(error).problem, hint);
  }
});
