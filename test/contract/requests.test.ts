import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { generateSchema, paramsError, parseRequest } from '../../src/contract/requests.ts';
import { KandidError } from '../../src/errors.ts';

test('an empty request is one unguided picture', () => {
  assert.deepEqual(parseRequest({}), {
    guides: [],
    count: 1,
    sampler: { beams: 1 },
    prefix: [],
  });
});

const bad: [request: unknown, field: string, message: RegExp][] = [
  [null, '(all)', /expected object/i],
  [{ count: 0 }, 'count', /at least 1/],
  [{ count: 1.5 }, 'count', /a whole number/],
  [{ seed: -1 }, 'seed', /at least 0/],
  [{ guides: [{}] }, 'guides.0.name', /string/],
  [{ guides: [{ name: 'x', weight: 1000 }] }, 'guides.0.weight', /at most 100/],
  [{ guides: [{ name: 'x', wieght: 1 }] }, 'guides.0.wieght', /no such field/],
  [{ sampler: { temperature: Number.NaN } }, 'sampler.temperature', /number/],
  [{ sampler: { beams: 0 } }, 'sampler.beams', /at least 1/],
  [{ sampler: { beams: [] } }, 'sampler.beams', /at least 1 entry/],
  [{ sampler: { beams: { big: 3 } } }, 'sampler.beams', /number of beams/],
  [{ sampler: { particles: 0.5 } }, 'sampler.particles', /at least 1/],
  [{ sampler: { particles: 65 } }, 'sampler.particles', /at most 64/],
  [{ sampler: { particles: { big: 3 } } }, 'sampler.particles', /number of particles/],
  [{ blend: 'mean' }, 'blend', /zscore/],
  [{ prefix: [[-1]] }, 'prefix.0.0', /a whole number, 0 or more/],
  [{ prefix: [[1], [2]], count: 3 }, 'prefix', /one list for all results or 3/],
  [{ prefix: [[1], [2, 3]], count: 2 }, 'prefix', /lists of one length/],
  [{ condition: 'a.png' }, 'condition', /bytes of a file/],
];

test('values out of range are refused with field and range', () => {
  for (const [request, field, message] of bad) {
    assert.throws(
      () => parseRequest(request),
      (error) => {
        assert.ok(error instanceof KandidError);
        assert.equal(error.code, 'params_invalid');
        assert.equal(error.details.field, field);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test('errors of unions report the value and the accepted types', () => {
  const schema = z.strictObject({ prompt: z.union([z.string().min(1), z.array(z.string())]) });
  const told = (params: unknown) => paramsError('Guide', schema.safeParse(params).error as z.ZodError).details;
  assert.deepEqual(told({}), {
    subject: 'Guide',
    field: 'prompt',
    problem: 'expected string or array, received nothing',
  });
  assert.equal(told({ prompt: 5 }).problem, 'expected string or array, received number');
  assert.match(String(told({ prompt: '' }).problem), /at least 1 character/);
  assert.deepEqual(
    [told({ prompt: ['a', 3] }).field, told({ prompt: ['a', 3] }).problem],
    [...['prompt.1', 'expected string, received number']],
  );
});

test('the schema documents every field', () => {
  const schema = z.toJSONSchema(generateSchema, { io: 'input', unrepresentable: 'any' });
  for (const [name, field] of Object.entries(schema.properties ?? {}))
    if (name !== 'sampler' && name !== 'condition') assert.ok((field as { description?: string }).description, name);
});
