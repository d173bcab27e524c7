import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bitsOf, codeFromString, codeToString, crossCodes, parseCode } from '../../src/contract/codes.ts';
import { Random } from '../../src/kit/random.ts';

interface Vectors {
  readonly decode: readonly { readonly code: number[]; readonly codeString: string }[];
}
const vectors = JSON.parse(readFileSync('test/fixtures/tiny-vectors.json', 'utf8')) as Vectors;

test('bits of a choice: ⌈log₂ K⌉', () => {
  const bits = [1, 2, 3, 4, 5, 8, 9, 64, 65, 512, 65_536].map(bitsOf);
  assert.deepEqual(bits, [0, 1, 2, 2, 3, 3, 4, 6, 7, 9, 16]);
});

test('code strings equal those of the exporter', () => {
  for (const { code, codeString } of vectors.decode) {
    assert.equal(codeToString(code, [4, 4, 4, 4]), codeString);
    assert.deepEqual(codeFromString(codeString, [4, 4, 4, 4]), code);
  }
});

test('code strings by hand: K not a power of two, bits not a multiple of 8, a level with one candidate', () => {
  // 101 11 0 10, then 4 zeros to fill nothing: 5, 3, (none), 0, 2 → 10111010 = 0xBA → 'ug'
  assert.equal(codeToString([5, 3, 0, 0, 2], [6, 4, 1, 2, 3]), 'ug');
  // 1 000000001 → 10000000 01000000 = 0x80 0x40
  assert.equal(codeToString([1, 1], [2, 512]), 'gEA');
  assert.deepEqual(codeFromString('gEA', [2, 512]), [1, 1]);
  assert.equal(codeToString([0], [1]), '');
  assert.deepEqual(codeFromString('', [1]), [0]);
});

test('strings of codes are parsed back to the same codes', () => {
  const random = Random.of(1);
  for (let round = 0; round < 300; round++) {
    const candidates = Array.from({ length: 1 + random.integer(40) }, () => 1 + random.integer(600));
    const code = candidates.map((count) => random.integer(count));
    assert.deepEqual(codeFromString(codeToString(code, candidates), candidates), code);
  }
});

test('invalid codes are refused with a reason', () => {
  const bad: [string, RegExp][] = [
    ['u', /has 1 characters\. Expected 2/],
    ['ugg', /has 3 characters/],
    ['u=', /other characters/],
    ['+g', /other characters/],
    ['_w', /level 0 is 7/],
    ['uh', /bits set behind/],
  ];
  for (const [text, message] of bad)
    assert.throws(() => codeFromString(text, [6, 4, 1, 2, 3]), { code: 'code_invalid', message });
  // K = 5 takes 3 bits: the values 5, 6 and 7 mean nothing; and 5 bits of padding must be 0.
  assert.throws(() => codeFromString('oA', [5]), /level 0 is 5.*0 to 4/);
  assert.throws(() => codeFromString('gQ', [5]), /bits set behind/);
});

test('codes are accepted in all forms', () => {
  const candidates = [6, 4, 1, 2, 3];
  for (const given of ['ug', ' ug ', '[5,3,0,0,2]', [5, 3, 0, 0, 2]])
    assert.deepEqual(parseCode(given, candidates), [5, 3, 0, 0, 2]);
  const bad = ['[5,3', '[5,3,0,0]', '{"a":1}', '["5",3,0,0,2]', '[5.5,3,0,0,2]', [5, 3, 0, 0], [-1, 0, 0, 0, 0]];
  for (const given of bad) assert.throws(() => parseCode(given, candidates), { code: 'code_invalid' });
});

test('crossing combines the first levels of one code with the rest of another', () => {
  assert.deepEqual(crossCodes([0, 1, 2], [3, 3, 3], 1, [4, 4, 4]), [0, 3, 3]);
  assert.deepEqual(crossCodes([0, 1, 2], [3, 3, 3], 0, [4, 4, 4]), [3, 3, 3]);
  assert.deepEqual(crossCodes([0, 1, 2], [3, 3, 3], 3, [4, 4, 4]), [0, 1, 2]);
  assert.throws(() => crossCodes([0, 1, 2], [3, 3, 3], 4, [4, 4, 4]), { code: 'option_invalid' });
  assert.throws(() => crossCodes([0, 1], [3, 3, 3], 1, [4, 4, 4]), { code: 'code_invalid' });
});
