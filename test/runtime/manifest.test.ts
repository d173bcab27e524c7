import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { KandidError } from '../../src/errors.ts';
import { bundleHash, parseManifest, previewSides } from '../../src/runtime/manifest.ts';
import { TINY } from './copies.ts';

const text = await readFile(`${TINY}/model.json`, 'utf8');

const refusal = (edited: string) => {
  try {
    parseManifest(edited, 'tiny');
  } catch (error) {
    assert.ok(error instanceof KandidError);
    return error.message;
  }
  throw new Error('it was taken');
};
const withField = (field: string, value: unknown) => JSON.stringify({ ...JSON.parse(text), [field]: value });

test('models/tiny is a pyramid of four levels', () => {
  const manifest = parseManifest(text, 'tiny');
  assert.equal(manifest.kind, 'pyramid');
  assert.deepEqual(manifest.kind === 'pyramid' && previewSides(manifest), [4]);
});

test('unknown fields are kept', () => {
  assert.equal((parseManifest(withField('colour', 'blue'), 'tiny') as Record<string, unknown>).colour, 'blue');
});

test('the hash covers the sorted lines "name sha256", but not metrics', () => {
  const files = { b: { sha256: '2'.repeat(64), bytes: 1 }, a: { sha256: '1'.repeat(64), bytes: 1 } };
  const lines = `a ${'1'.repeat(64)}\nb ${'2'.repeat(64)}\n`;
  assert.equal(bundleHash({ files }), createHash('sha256').update(lines).digest('hex'));
  const before = bundleHash(parseManifest(text, 'tiny'));
  assert.equal(bundleHash(parseManifest(withField('metrics', { psnr: 1 }), 'tiny')), before);
});

test('invalid JSON, and JSON that is not an object', () => {
  assert.match(refusal('{'), /model\.json: it is not JSON/);
  for (const wrong of ['null', '[]', '3']) assert.match(refusal(wrong), /expected an object|format version/);
});

for (const [field, value, says] of [
  ['channels', 2, /channels: /],
  ['levels', [], /levels: /],
  ['levels', [{ side: 4, candidates: 1, width: 8 }], /levels\.0\.candidates: /],
  [
    'levels',
    [
      { side: 8, candidates: 2, width: 8 },
      { side: 4, candidates: 2, width: 8 },
    ],
    /levels: expected sides that never shrink/,
  ],
  ['graphs', { levels: ['level-00.onnx'], decode: 'decode.onnx' }, /names 1 graphs, expected one for each of the 4/],
  ['name', '../x', /name: expected lower-case/],
  ['files', { 'decode.onnx': { sha256: 'XY', bytes: 1 } }, /files\.decode\.onnx\.sha256: expected 64/],
  ['licence', 'MIT', /licence: /],
  ['kind', 'poem', /kind is "poem", expected pyramid, classifier, clip/],
  ['kind', 'constructor', /kind is "constructor"/],
] as const)
  test(`${field} as ${JSON.stringify(value)} is refused`, () => assert.match(refusal(withField(field, value)), says));
