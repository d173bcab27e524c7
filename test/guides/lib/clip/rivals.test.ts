import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { readVocabulary, rivalsOf } from '../../../../guides/lib/clip/rivals.ts';
import { GuideProblem } from '../../../../src/guide.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-rivals-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A unit vector in the plane at an angle in degrees. */
const at = (degrees: number) =>
  Float32Array.of(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));

it('uses the group of the nearest text, without synonyms', () => {
  const [same, alike, other, opposite] = [at(0), at(10), at(40), at(180)];
  const groups = [
    [at(25), at(90)],
    [same, alike, other, opposite],
  ];
  assert.deepEqual(rivalsOf(at(1), groups), { group: 1, vectors: [other, opposite] });
});

it('finds no rivals for texts outside all groups', () => {
  const none = { group: -1, vectors: [] };
  assert.deepEqual(rivalsOf(at(0), [[at(60), at(90)]]), none);
  assert.deepEqual(rivalsOf(at(0), []), none);
});

it('reads the groups of a vocabulary; none without a file', async () => {
  const path = join(folder, 'vocabulary.json');
  assert.deepEqual(await readVocabulary(folder), []);
  writeFileSync(path, '{"hair": ["red hair", "black hair"], "eyes": ["open", "closed"]}');
  assert.deepEqual(await readVocabulary(folder), [
    ['red hair', 'black hair'],
    ['open', 'closed'],
  ]);
});

it('reports the expected form of a vocabulary', async () => {
  const path = join(folder, 'vocabulary.json');
  for (const text of ['', '{', '[]', '{"hair": []}', '{"hair": ["red"]}', '{"hair": ["red", 3]}']) {
    writeFileSync(path, text);
    await assert.rejects(
      () => readVocabulary(folder),
      (error: Error) => error instanceof GuideProblem && /expected an object of groups/.test(error.message),
      text,
    );
  }
});
