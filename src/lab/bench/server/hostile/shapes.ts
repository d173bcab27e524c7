/** Mutated JSON requests: valid ones with one or two changes in values or syntax. */
import { Random } from '../../../../kit/random.ts';
import { damaged, pick } from './chance.ts';

type Json = unknown;

const PICTURE = 'iVBORw0KGgo=';
/** Valid requests. */
export const REQUESTS: readonly Json[] = [
  { seed: 1, count: 1, guides: [{ name: 'text', weight: 1, params: { prompt: 'a red hat', negative: ['a', 'b'] } }] },
  {
    seed: 2,
    guides: [{ name: 'target', params: { image: PICTURE, metric: 'l1' } }],
    sampler: { beams: { 4: 2, 8: 1 } },
  },
  { seed: 3, prefix: [[1, 2]], sampler: { top: 4, temperature: 0.5, beams: [1, 2] }, blend: 'rank', size: 32 },
  { seed: 4, guides: [{ name: 'http', params: { url: 'http://127.0.0.1:1/', data: { a: [1, { b: null }] } } }] },
  { seed: 5, condition: PICTURE, format: 'webp', quality: 50, base64: false },
];

/** Larger bodies are covered by the limits on bytes. */
const MAX = 20_000;

const nested = (random: Random): Json => {
  let value: Json = 1;
  const isList = random.integer(2) === 0;
  for (let depth = 1 + random.integer(60); depth > 0; depth--) value = isList ? [value] : { a: value };
  return value;
};
const many = (random: Random): number => 1 + random.integer(random.integer(4) === 0 ? MAX : 50);

/** Replacement values. */
const STRANGERS: readonly ((random: Random) => Json)[] = [
  nested,
  (random) => Array.from({ length: many(random) }, () => pick<Json>(random, [{}, [], '', 0, 1.5, null])),
  (random) => Object.fromEntries(Array.from({ length: many(random) }, (_, i) => [`k${i}`, 0])),
  (random) => 'x'.repeat(many(random)),
  (random) => pick(random, ['A', '=', '!', '\\', '"', ' ', '\u0000', '\ud800', '🙂']).repeat(many(random)),
  (random) => `data:image/png;base64,${'A'.repeat(4 * many(random))}`,
  (random) => pick(random, [0, -1, 1e308, -0, 2 ** 53, 1e-9, 0.1, 257, 65_537]),
  (random) => pick<Json>(random, [null, true, false, '', [], {}, [[]], '1', 'NaN', '__proto__']),
  () => JSON.parse('{"__proto__":{"a":1},"constructor":{"prototype":{}}}') as Json,
];

export function* shapes(seed: number, count: number): Generator<Buffer, void, undefined> {
  for (let i = 0; i < count; i++) {
    const random = Random.of(seed, i);
    let value = pick(random, REQUESTS);
    for (let changes = 1 + random.integer(2); changes > 0; changes--) value = changed(random, value);
    const text = Buffer.from(JSON.stringify(value) ?? 'null');
    yield random.integer(3) === 0 ? damaged(random, text) : text;
  }
}

/** A random position, usually a nested one. */
export function changed(random: Random, value: Json): Json {
  if (typeof value !== 'object' || value === null || random.integer(8) === 0) return pick(random, STRANGERS)(random);
  if (Array.isArray(value)) {
    if (value.length === 0) return [changed(random, null)];
    const at = random.integer(value.length);
    return value.map((item, i) => (i === at ? changed(random, item) : item));
  }
  const fields = Object.entries(value);
  if (fields.length === 0 || random.integer(8) === 0)
    return { ...value, [`new${random.integer(9)}`]: changed(random, null) };
  const at = random.integer(fields.length);
  return Object.fromEntries(fields.map(([name, field], i) => [name, i === at ? changed(random, field) : field]));
}
