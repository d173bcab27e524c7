import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promptsOf } from '../../../src/lab/datasets/avatar-captions.ts';
import { avatarRecord, writeAvatars } from '../../../src/lab/datasets/avatar-files.ts';
import {
  AVATAR_ATTRIBUTE_NAMES,
  AVATAR_ATTRIBUTES,
  AVATAR_KINDS,
  type AvatarValues,
  HAT_NAMES,
} from '../../../src/lab/datasets/avatar-words.ts';
import { drawAvatar, renderAvatar, visibleLabels } from '../../../src/lab/datasets/avatars.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kandid-avatars-'));
});

after(() => rm(folder, { recursive: true }));

const files = (name: string) =>
  Promise.all(['pictures.npy', 'labels.jsonl', 'dataset.json'].map((file) => readFile(join(folder, name, file))));

test('the same seed gives the same picture and the same record, another seed others', async () => {
  const avatar = drawAvatar('train-7');
  assert.deepEqual(avatar, drawAvatar('train-7'));
  assert.deepEqual(avatarRecord('train-7'), avatarRecord('train-7'));
  const [first, again, other] = await Promise.all(
    [avatar, drawAvatar('train-7'), drawAvatar('test-7')].map((drawn) => renderAvatar(drawn, 64)),
  );
  assert.equal(first?.length, 64 * 64 * 3);
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);
});

test('no two of the train, test and judge avatars are drawn alike', () => {
  const drawings = ['train', 'test', 'judge'].flatMap((prefix) =>
    Array.from({ length: 1000 }, (_, n) => JSON.stringify(drawAvatar(`${prefix}-${n}`).draws)),
  );
  assert.equal(new Set(drawings).size, drawings.length);
});

test('every value is drawn about as often as its weight says', () => {
  const counts = new Map<string, number>();
  for (let n = 0; n < 4000; n++) {
    const { background, facialHair } = drawAvatar(`count-${n}`).labels;
    for (const label of [`b:${background}`, `f:${facialHair}`]) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  for (const value of Object.keys(AVATAR_ATTRIBUTES.background))
    assert.ok(Math.abs((counts.get(`b:${value}`) ?? 0) - 500) < 100, `${value}: ${counts.get(`b:${value}`)}`);
  assert.ok((counts.get('f:none') ?? 0) > 2300 && (counts.get('f:none') ?? 0) < 3100);
});

test('labels name only what can be seen', () => {
  for (let n = 0; n < 500; n++) {
    const avatar = drawAvatar(`seen-${n}`);
    const seen = visibleLabels(avatar);
    assert.equal('hatColor' in seen, HAT_NAMES.has(avatar.labels.top));
    assert.notEqual('hatColor' in seen, 'hairColor' in seen);
    assert.equal('facialHairColor' in seen, avatar.labels.facialHair !== 'none');
    if (avatar.labels.accessories === 'eyepatch') assert.ok(!('eyes' in seen) && !('accessoriesColor' in seen));
  }
});

test('each picture has five different captions, about what can be seen', () => {
  for (let n = 0; n < 300; n++) {
    const { labels, captions, about } = avatarRecord(`caption-${n}`);
    assert.equal(new Set(captions).size, 5);
    assert.equal(about.length, 5);
    for (const caption of captions) assert.match(caption, /^[a-z][a-z ,-]*[a-z]$/);
    for (const name of about.flat()) {
      const [attribute = '', kind] = name.split('~');
      assert.ok(attribute === 'person' || attribute in labels, `${attribute} is hidden`);
      assert.ok(kind === undefined || kind in AVATAR_KINDS);
    }
  }
});

test('captions leave attributes out, and say what is not there', () => {
  const captions = Array.from({ length: 300 }, (_, n) => avatarRecord(`words-${n}`).captions).flat();
  for (const phrase of ['without glasses', 'red hair', 'wearing', 'sunglasses', 'woman', 'man', 'hoodie'])
    assert.ok(
      captions.some((caption) => caption.includes(phrase)),
      phrase,
    );
  const lengths = captions.map((caption) => caption.split(' ').length);
  assert.ok(Math.min(...lengths) <= 4 && Math.max(...lengths) >= 15);
});

test('every value has prompts, and no two values of an attribute share one', () => {
  for (const attribute of AVATAR_ATTRIBUTE_NAMES) {
    const values: AvatarValues = AVATAR_ATTRIBUTES[attribute];
    const prompts = Object.keys(values).flatMap((value) => promptsOf(attribute, value));
    assert.ok(prompts.length >= Object.keys(values).length);
    assert.equal(new Set(prompts).size, prompts.length, attribute);
  }
  assert.equal(promptsOf('hairColor', 'auburn')[0], 'a person with auburn hair');
  assert.equal(promptsOf('accessories', 'none')[0], 'a person without glasses');
});

test('a run that was cut off goes on and ends in the same files', async () => {
  const part = { prefix: 'train', count: 70, side: 16 };
  await writeAvatars(join(folder, 'whole'), part);
  await writeAvatars(join(folder, 'cut'), { ...part, count: 20 });
  await truncate(join(folder, 'cut', 'pictures.npy'), 128 + 16 * 16 * 3 * 10 + 5);
  await writeAvatars(join(folder, 'cut'), part);
  assert.deepEqual(await files('cut'), await files('whole'));
  const header = (await readFile(join(folder, 'whole', 'pictures.npy'))).subarray(0, 128).toString('latin1');
  assert.match(header, /'shape': \(70, 16, 16, 3,\)/);
});

test('a folder of other pictures is refused', async () => {
  await writeAvatars(join(folder, 'other'), { prefix: 'train', count: 2, side: 16 });
  await assert.rejects(writeAvatars(join(folder, 'other'), { prefix: 'judge', count: 2, side: 16 }), {
    code: 'option_invalid',
    message: /--out is .*"prefix":"train".*expected an empty folder/,
  });
});
