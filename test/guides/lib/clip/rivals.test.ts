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

it('takes the group of the nearest text, without what means the same', () => {
  const [same, alike, other, opposite] = [at(0), at(10), at(40), at(180)];
  const groups = [
    [at(25), at(90)],
    [same, alike, other, opposite],
  ];
  assert.deepEqual(rivalsOf(at(1), groups), [other, opposite]);
});

it('knows no rivals of what is in no group', () => {
  assert.deepEqual(rivalsOf(at(0), [[at(60), at(90)]]), []);
  assert.deepEqual(rivalsOf(at(0), []), []);
});

it('reads the groups of a vocabulary; without a file there are none', async () => {
  const path = join(folder, 'vocabulary.json');
  assert.deepEqual(await readVocabulary(folder), []);
  writeFileSync(path, '{"hair": ["red hair", "black hair"], "eyes": ["open", "closed"]}');
  assert.deepEqual(await readVocabulary(folder), [
    ['red hair', 'black hair'],
    ['open', 'closed'],
  ]);
});

it('says what a vocabulary should be where it is something else', async () => {
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
