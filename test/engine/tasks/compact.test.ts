import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { certainNoise } from '../../../src/engine/search/prior-paths.ts';
import { compactCode, expandCode, isCompact, shortestCode } from '../../../src/engine/tasks/compact.ts';
import { Kandid } from '../../../src/index.ts';
import { psnr } from '../../../src/kit/quality.ts';
import { seededRandom } from '../../../src/kit/text-seeded-random.ts';

const open = (models: string, threads = 1) => Kandid.open({ models: [models], threads });
const kandid = await open('test/fixtures/prior');
const model = await kandid.engine.models.open('tiny-prior');
after(() => kandid.close());

const allCodes = Array.from({ length: 256 }, (_, n) => [n & 3, (n >> 2) & 3, (n >> 4) & 3, n >> 6]);

test('all codes of a small model have distinct compact forms that decode to them', async () => {
  const seen = new Set<string>();
  for (const code of allCodes) {
    const text = await compactCode(model, code);
    assert.ok(isCompact(text));
    seen.add(text);
    assert.deepEqual(await expandCode(model, ` ${text}\n`), code);
  }
  assert.equal(seen.size, 256);
});

test('a truncated code is continued by the likeliest choices', async () => {
  const text = await compactCode(model, [2, 1]);
  assert.match(text, /^c2\./);
  const code = await expandCode(model, text);
  assert.deepEqual(code.slice(0, 2), [2, 1]);
  const [path] = await model.network.descend([certainNoise(model.network.info, [2, 1])], [null]);
  assert.deepEqual(code, path?.code);
});

test('keeps as few levels as a given quality needs', async () => {
  const likeliest = await expandCode(model, await compactCode(model, [1, 2, 0]));
  const code = [1, 2, 0, ((likeliest[3] as number) + 1) % 4];
  const [picture] = await model.network.decode([code]);
  assert.ok(picture);
  assert.deepEqual(await shortestCode(model, code, picture, 99), code, 'the last level is not the likeliest one');
  const few = await shortestCode(model, code, picture, 5);
  assert.equal(few.length, 1);
  const [drawn] = await model.network.decode([await expandCode(model, await compactCode(model, few))]);
  assert.ok(psnr(drawn ?? picture, picture) >= 5);
});

test('bytes do not depend on the number of threads; likely codes are short', async () => {
  const [one, two] = [await open('models', 1), await open('models', 2)];
  const { network } = await one.engine.models.open('avatars-64');
  const random = seededRandom('compact');
  const unlikely = network.candidateCounts.map((count) => Math.floor(random.next() * count));
  const [likely] = await one.pictures({ model: 'avatars-64', seed: 3 });
  const texts = [];
  for (const code of [unlikely, [...(likely?.code ?? [])]]) {
    const text = await one.compactCode(code, { model: 'avatars-64' });
    texts.push(text);
    assert.equal(await two.compactCode(code, { model: 'avatars-64' }), text);
    assert.deepEqual(await two.expandCode(text, { model: 'avatars-64' }), code);
  }
  const [long = 0, short = 0] = texts.map((text) => text.length);
  assert.ok(short <= 44 && long > 50, `${short} and ${long} characters`);
  await one.close();
  await two.close();
});

test('invalid or damaged compact codes, and those of models without a prior, are refused', async () => {
  const text = await compactCode(model, [0, 1, 2, 3]);
  const damaged = `${text.slice(0, 2)}${text[2] === 'A' ? 'B' : 'A'}${text.slice(3)}`;
  await assert.rejects(expandCode(model, damaged), {
    code: 'code_invalid',
    message: /damaged, or was made by another model/,
  });
  await assert.rejects(expandCode(model, 'c9.AAAA'), { code: 'code_invalid', message: /has 9 levels/ });
  for (const other of ['', 'c.', 'AAAA', 'c0.AAAA', 'c.%%', 'c1234.AA']) assert.equal(isCompact(other), false, other);
  const plain = await open('models');
  const tiny = await plain.engine.models.open('tiny');
  await assert.rejects(compactCode(tiny, [0, 0, 0, 0]), {
    code: 'option_invalid',
    message: /tiny, which has no prior/,
  });
  await plain.close();
});
