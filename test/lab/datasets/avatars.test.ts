import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promptsOf } from '../../../src/lab/datasets/avatar-captions.ts';
import { avatarRecord, writeAvatars } from '../../../src/lab/datasets/avatar-files.ts';
import { type AvatarStyle, attributeNames } from '../../../src/lab/datasets/avatar-style.ts';
import { type Avatar, drawAvatar, renderAvatar, visibleLabels } from '../../../src/lab/datasets/avatars.ts';
import { AVATAAARS, HAT_NAMES } from '../../../src/lab/datasets/styles/avataaars.ts';
import { AVATAR_STYLES, avatarStyle, styleOfDataset } from '../../../src/lab/datasets/styles/index.ts';
import { OPEN_PEEPS } from '../../../src/lab/datasets/styles/open-peeps.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kandid-avatars-'));
});

after(() => rm(folder, { recursive: true }));

const files = (name: string) =>
  Promise.all(['pictures.npy', 'labels.jsonl', 'dataset.json'].map((file) => readFile(join(folder, name, file))));

/** The avatar with one value of another. */
function exchanged(avatar: Avatar, attribute: string, { labels, draws }: Avatar): Avatar {
  return {
    seed: avatar.seed,
    labels: { ...avatar.labels, [attribute]: labels[attribute] as string },
    draws: { ...avatar.draws, [attribute]: draws[attribute] as string },
  };
}

for (const style of AVATAR_STYLES.values()) testStyle(style);

/** What holds for avatars of every style. */
function testStyle(style: AvatarStyle): void {
  const names = attributeNames(style);
  const valuesOf = (attribute: string) => style.attributes[attribute] ?? {};

  test(`${style.name}: the same seed gives the same picture and record, another seed others`, async () => {
    const avatar = drawAvatar(style, 'train-7');
    assert.deepEqual(avatar, drawAvatar(style, 'train-7'));
    assert.deepEqual(avatarRecord(style, 'train-7'), avatarRecord(style, 'train-7'));
    const [first, again, other] = await Promise.all(
      [avatar, drawAvatar(style, 'train-7'), drawAvatar(style, 'test-7')].map((drawn) =>
        renderAvatar(style, drawn, 64),
      ),
    );
    assert.equal(first?.length, 64 * 64 * 3);
    assert.deepEqual(first, again);
    assert.notDeepEqual(first, other);
    assert.equal((await renderAvatar(style, avatar, 256)).length, 256 * 256 * 3);
  });

  test(`${style.name}: no avatar is in more than one of the sets train, test and judge`, () => {
    const drawings = ['train', 'test', 'judge'].flatMap((prefix) =>
      Array.from({ length: 1000 }, (_, n) => JSON.stringify(drawAvatar(style, `${prefix}-${n}`).draws)),
    );
    assert.equal(new Set(drawings).size, drawings.length);
  });

  test(`${style.name}: values occur in proportion to their weights`, () => {
    const avatars = Array.from({ length: 4000 }, (_, n) => drawAvatar(style, `count-${n}`));
    for (const name of names) {
      const values = Object.entries(valuesOf(name));
      if (values.some(([value]) => style.weightFactor?.(name, value, { top: 'long-wavy' }) !== 1)) continue;
      const total = values.reduce((sum, [, { weight = 1 }]) => sum + weight, 0);
      for (const [value, { weight = 1 }] of values) {
        const count = avatars.filter(({ labels }) => labels[name] === value).length;
        const expected = (4000 * weight) / total;
        assert.ok(Math.abs(count - expected) < 5 * Math.sqrt(expected), `${name} ${value}: ${count} of ${expected}`);
      }
    }
  });

  test(`${style.name}: labels are visible: another value gives another picture`, async () => {
    for (let n = 0; n < 20; n++) {
      const avatar = drawAvatar(style, `seen-${n}`);
      const picture = await renderAvatar(style, avatar, 64);
      for (const name of Object.keys(visibleLabels(style, avatar))) {
        const changed = exchanged(avatar, name, drawAvatar(style, `other-${n}`));
        if (changed.draws[name] === avatar.draws[name]) continue;
        assert.ok(!picture.equals(await renderAvatar(style, changed, 64)), `${avatar.labels[name]}, seed seen-${n}`);
      }
    }
  });

  test(`${style.name}: each picture has five different captions about visible attributes`, () => {
    for (let n = 0; n < 300; n++) {
      const { labels, captions, about } = avatarRecord(style, `caption-${n}`);
      assert.equal(new Set(captions).size, 5);
      assert.equal(about.length, 5);
      for (const caption of captions) assert.match(caption, /^[a-z][a-z ,-]*[a-z]$/);
      for (const name of about.flat()) {
        const [attribute = '', kind] = name.split('~');
        assert.ok(attribute === 'person' || attribute in labels, `${attribute} is hidden`);
        assert.ok(kind === undefined || kind in style.kinds);
      }
    }
  });

  test(`${style.name}: every attribute is mentioned, and captions vary in length`, () => {
    const records = Array.from({ length: 400 }, (_, n) => avatarRecord(style, `words-${n}`));
    const spoken = new Set(records.flatMap(({ about }) => about.flat().map((name) => name.split('~')[0])));
    assert.deepEqual([...spoken].sort(), [...names, 'person'].sort());
    const lengths = records.flatMap(({ captions }) => captions.map((caption) => caption.split(' ').length));
    assert.ok(Math.min(...lengths) <= 4 && Math.max(...lengths) >= 15);
  });

  test(`${style.name}: every value has prompts and a known kind, and values of an attribute share no prompt`, () => {
    for (const attribute of names) {
      const values = Object.entries(valuesOf(attribute));
      const prompts = values.flatMap(([value]) => promptsOf(style, attribute, value));
      assert.ok(prompts.length >= values.length);
      assert.equal(new Set(prompts).size, prompts.length, attribute);
      for (const prompt of prompts) assert.match(prompt, /^an? [a-z -]*[a-z]$/);
      for (const [value, { kind }] of values) assert.ok(kind === undefined || kind in style.kinds, value);
    }
  });

  test(`${style.name}: options of DiceBear match its schema`, async () => {
    const { schema } = (await style.load()) as { schema: { properties: Record<string, object> } };
    const first = Object.fromEntries(names.map((name) => [name, Object.values(valuesOf(name))[0]?.draws[0] ?? '']));
    const known = { ...schema.properties, backgroundColor: {} };
    for (const name of names) {
      for (const draw of Object.values(valuesOf(name)).flatMap(({ draws }) => draws)) {
        for (const [option, asked] of Object.entries(style.options({ ...first, [name]: draw }))) {
          const { items } = known[option as keyof typeof known] as { items?: { enum?: string[] } };
          if (Array.isArray(asked) && items?.enum) assert.ok(items.enum.includes(asked[0]), `${option} ${asked[0]}`);
        }
      }
    }
  });

  test(`${style.name}: the stated licence is that of the package`, async () => {
    const entry = createRequire(import.meta.url).resolve(`@dicebear/${style.name}`);
    const text = await readFile(join(dirname(dirname(entry)), 'LICENSE'), 'utf8');
    const design = /^License: (.*) \(http/m.exec(text)?.[1];
    assert.ok(design && style.licence.toLowerCase().includes(design.toLowerCase()), `${design}: ${style.licence}`);
    assert.match(text, /MIT License/);
  });
}

test('avataaars: pinned pictures equal those of the training of the shipped models', () => {
  const records = Array.from({ length: 300 }, (_, n) => JSON.stringify(avatarRecord(AVATAAARS, `golden-${n}`)));
  const digest = createHash('sha256').update(records.join('\n')).digest('hex');
  assert.equal(digest.slice(0, 16), 'b14c4516d1f0289b');
});

test('avataaars: labels contain visible attributes only', () => {
  for (let n = 0; n < 500; n++) {
    const avatar = drawAvatar(AVATAAARS, `seen-${n}`);
    const seen = visibleLabels(AVATAAARS, avatar);
    assert.equal('hatColor' in seen, HAT_NAMES.has(avatar.labels.top));
    assert.notEqual('hatColor' in seen, 'hairColor' in seen);
    assert.equal('facialHairColor' in seen, avatar.labels.facialHair !== 'none');
    if (avatar.labels.accessories === 'eyepatch') assert.ok(!('eyes' in seen) && !('accessoriesColor' in seen));
  }
});

test('avataaars: beards are rarer with long hair', () => {
  const avatars = Array.from({ length: 4000 }, (_, n) => drawAvatar(AVATAAARS, `count-${n}`).labels);
  const without = avatars.filter(({ facialHair }) => facialHair === 'none').length;
  assert.ok(without > 2300 && without < 3100, String(without));
});

test('avataaars: captions omit attributes, and mention absent parts', () => {
  const captions = Array.from({ length: 300 }, (_, n) => avatarRecord(AVATAAARS, `words-${n}`).captions).flat();
  for (const phrase of ['without glasses', 'red hair', 'wearing', 'sunglasses', 'woman', 'man', 'hoodie'])
    assert.ok(
      captions.some((caption) => caption.includes(phrase)),
      phrase,
    );
  assert.equal(promptsOf(AVATAAARS, 'hairColor', 'auburn')[0], 'a person with auburn hair');
  assert.equal(promptsOf(AVATAAARS, 'accessories', 'none')[0], 'a person without glasses');
});

test('open-peeps: black hair has no colour, and a mask hides the face below it', () => {
  for (let n = 0; n < 500; n++) {
    const avatar = drawAvatar(OPEN_PEEPS, `seen-${n}`);
    const seen = visibleLabels(OPEN_PEEPS, avatar);
    if (avatar.labels.top === 'afro' || avatar.labels.top === 'turban') assert.ok(!('hairColor' in seen));
    if (avatar.labels.top === 'mohawk') assert.ok('hairColor' in seen);
    assert.equal('face' in seen, avatar.labels.mask === 'none');
    assert.equal('facialHair' in seen, avatar.labels.mask === 'none');
  }
});

test('open-peeps: turban and bow have the colour of the clothes, hair never has', () => {
  const records = Array.from({ length: 3000 }, (_, n) => avatarRecord(OPEN_PEEPS, `bow-${n}`));
  const captions = records.flatMap(({ captions: texts, about }) =>
    texts.map((text, i) => ({ text, about: about[i] ?? [] })),
  );
  const colored = captions.filter(({ text }) => /green (turban|bow|headscarf|hair bow)/.test(text));
  assert.ok(colored.length > 0);
  for (const { about } of colored) assert.ok(about.includes('top') && about.includes('clothesColor'));
  assert.ok(captions.every(({ text }) => !/(green|navy|orange)-haired|(green|navy|orange) hair\b(?! bow)/.test(text)));
  assert.equal(promptsOf(OPEN_PEEPS, 'top', 'turban')[0], 'a person wearing a turban');
});

test('a style is found by its name and by its data set; unknown names are refused', () => {
  assert.equal(avatarStyle('open-peeps'), OPEN_PEEPS);
  assert.equal(styleOfDataset('avatars'), AVATAAARS);
  assert.equal(styleOfDataset('digits'), undefined);
  assert.throws(() => avatarStyle('lorem'), {
    code: 'option_invalid',
    message: '--style is "lorem", expected avataaars or open-peeps.',
  });
});

test('an interrupted run resumes and produces the same files', async () => {
  const part = { style: OPEN_PEEPS, prefix: 'train', count: 70, side: 16 };
  await writeAvatars(join(folder, 'whole'), part);
  await writeAvatars(join(folder, 'cut'), { ...part, count: 20 });
  await truncate(join(folder, 'cut', 'pictures.npy'), 128 + 16 * 16 * 3 * 10 + 5);
  await writeAvatars(join(folder, 'cut'), part);
  assert.deepEqual(await files('cut'), await files('whole'));
  const [pictures, , dataset] = await files('whole');
  assert.match(pictures?.subarray(0, 128).toString('latin1') ?? '', /'shape': \(70, 16, 16, 3,\)/);
  const { style, licence, attribution } = JSON.parse(String(dataset));
  assert.equal(style, 'open-peeps');
  assert.match(licence, /CC0 1\.0/);
  assert.match(attribution, /Pablo Stanley/);
});

test('a folder with other pictures or another style is refused', async () => {
  const part = { style: AVATAAARS, prefix: 'train', count: 2, side: 16 };
  await writeAvatars(join(folder, 'other'), part);
  for (const other of [{ prefix: 'judge' }, { style: OPEN_PEEPS }])
    await assert.rejects(writeAvatars(join(folder, 'other'), { ...part, ...other }), {
      code: 'option_invalid',
      message: /--out is .*"prefix":"train".*expected an empty folder/,
    });
});
