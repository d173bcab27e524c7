import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonProblem, parseJson, REQUEST_JSON } from '../../src/kit/json.ts';
import { LONGEST_TEXT, parseJsonWithPictures } from '../../src/kit/json-pictures.ts';

const LIMITS = { bytes: 200, depth: 3, values: 10, keys: 3 };

function problem(json: string | Uint8Array): string {
  try {
    parseJson(json, LIMITS);
  } catch (error) {
    assert.ok(error instanceof JsonProblem);
    return error.message;
  }
  return 'taken';
}

test('parses like JSON.parse', () => {
  const odd = [
    '"\\\\"',
    '"\\""',
    '"\\\\\\""',
    '"{[:,"',
    ' [ 1 , -2.5e3 , true,null ] ',
    '{"a":{"b":[""]},"ü🙂":"\\u00e9"}',
    '""',
  ];
  for (const text of odd) {
    assert.deepEqual(parseJson(text, LIMITS), JSON.parse(text));
    assert.deepEqual(parseJson(Buffer.from(text), LIMITS), JSON.parse(text));
  }
});

test('a field named __proto__ is an ordinary field', () => {
  const read = parseJson('{"__proto__":{"a":1}}', LIMITS) as object;
  assert.ok(Object.hasOwn(read, '__proto__'));
  assert.equal(Object.getPrototypeOf(read), Object.prototype);
});

test('invalid JSON is reported', () => {
  for (const text of ['', '{', ']', '"a', '"\\', '[1,]', '{"a"}', 'nul', '\u0000', '[[[]]', '}}}}'])
    assert.match(problem(text), /^it is not JSON \(/, text);
  assert.match(problem(new Uint8Array([0x22, 0xff, 0x22])), /^it is not JSON \(/);
});

test('each limit has its own message', () => {
  assert.equal(problem('[[[]]]'), 'taken');
  assert.equal(problem('[[[[]]]]'), 'it has more than 3 objects and lists inside one another');
  assert.equal(problem(`[${'1,'.repeat(8)}1]`), 'taken');
  assert.equal(problem(`[${'1,'.repeat(9)}1]`), 'it has more than 10 values');
  assert.equal(problem('{"a":1,"b":2,"c":3}'), 'taken');
  assert.equal(problem('{"a":1,"b":2,"c":3,"d":4}'), 'it has more than 3 fields');
  assert.equal(problem(`"${'a'.repeat(198)}"`), 'taken');
  assert.equal(problem(`"${'a'.repeat(199)}"`), 'it has more than 200 bytes of text');
  assert.equal(problem(`"${'ü'.repeat(150)}"`), 'it has more than 200 bytes of text');
});

test('a picture becomes bytes, in any form of base64', async () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 2_000_000 }, (_, i) => (i * 7) ^ (i >> 8)));
  const text = bytes.toString('base64');
  const lines = text.replace(/.{76}/g, '$&\r\n');
  for (const given of [text, `data:image/png;base64,${text}`, bytes.toString('base64url'), lines]) {
    const body = { ü: 1, list: [{ image: given }], text: 'short' };
    const read = await parseJsonWithPictures(Buffer.from(JSON.stringify(body)), REQUEST_JSON);
    const image = (read as { list: [{ image: Uint8Array }] }).list[0].image;
    assert.ok(image instanceof Uint8Array && bytes.equals(image));
    assert.deepEqual(read, { ...body, list: [{ image }] });
  }
});

test('short texts remain texts', async () => {
  const body = { image: 'A'.repeat(LONGEST_TEXT), more: 'AAAA' };
  const read = await parseJsonWithPictures(Buffer.from(JSON.stringify(body)), REQUEST_JSON);
  assert.ok(JSON.stringify(read) === JSON.stringify(body));
});

const HUGE = 4_000_000;
const refused: readonly [what: string, json: string, why: RegExp][] = [
  ['a long text that is no picture', `{"a":"${'!'.repeat(HUGE)}"}`, /is no picture: expected its bytes as base64/],
  ['a picture with text behind it', `["${'A'.repeat(HUGE)}=A"]`, /is no picture/],
  ['a long name', `{"${'A'.repeat(HUGE)}":1}`, /more than 1048576 bytes of text/],
  ['many quotes', `["${'\\"'.repeat(HUGE)}"]`, /more than 1048576 bytes of text/],
  ['no end', `"${'A'.repeat(HUGE)}`, /more than 1048576 bytes of text/],
  ['a long number', '1'.repeat(HUGE), /more than 1048576 bytes of text/],
  ['spaces', ' '.repeat(HUGE), /more than 1048576 bytes of text/],
  ['lists in lists', '['.repeat(HUGE), /more than 32 objects and lists/],
  ['many objects', `[${'{},'.repeat(HUGE)}1]`, /more than 100000 values/],
  ['many fields', `{${Array.from({ length: 3000 }, (_, i) => `"k${i}":0`)}}`, /more than 2000 fields/],
];

for (const [what, json, why] of refused)
  test(`refused: ${what}`, async () => {
    await assert.rejects(parseJsonWithPictures(Buffer.from(json), REQUEST_JSON), why);
  });
