import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { register as registerTypeScript } from 'tsx/esm/api';
import { GuideRegistry } from '../../../src/engine/guides/registry.ts';

const root = await mkdtemp(join(tmpdir(), 'kandid-guides-'));
after(() => rm(root, { recursive: true }));

let folders = 0;
async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = join(root, String(folders++));
  await mkdir(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

const guide = (name: string, rest = '') => `export default ({ z }) => ({
  name: '${name}', description: 'Of a test.', params: z.strictObject({ much: z.number().default(1).describe('How much.') }),
  create: () => ({ score: ({ batch, count }) => new Float32Array(batch * count) }),${rest}
});`;

test("finds the project's own guides, each described", async () => {
  const registry = await GuideRegistry.load();
  const names = registry.summaries().map(({ name }) => name);
  for (const name of ['classifier', 'inpaint', 'super_resolution', 'target', 'text']) assert.ok(names.includes(name));
  assert.deepEqual(names, [...names].sort());
  for (const { description, params } of registry.summaries()) {
    assert.ok(description.length > 10);
    assert.equal(params.type, 'object');
  }
});

test('finds .ts, .js and .mjs files in user folders, and no others', async (t) => {
  t.after(registerTypeScript());
  const folder = await folderOf({
    'package.json': '{"type":"module"}',
    'one.mjs': guide('one'),
    'two.js': guide('two'),
    'three.ts': guide('three'),
    'three.test.ts': 'throw new Error("a test is no guide")',
    'types.d.ts': 'export type Nothing = never;',
    'notes.md': 'not code',
  });
  await mkdir(join(folder, 'lib'));
  await writeFile(join(folder, 'lib', 'part.mjs'), 'throw new Error("a part is no guide")');
  const registry = await GuideRegistry.load([folder, folder], null);
  assert.deepEqual(
    registry.summaries().map(({ name }) => name),
    ['one', 'three', 'two'],
  );
  const schema = registry.summaries()[0]?.params;
  assert.deepEqual(schema?.properties, { much: { type: 'number', default: 1, description: 'How much.' } });
});

test('the particles of a definition are read and listed', async () => {
  const folder = await folderOf({ 'one.mjs': guide('one', ' particles: { 4: 3, 8: 1.5 },'), 'two.mjs': guide('two') });
  const registry = await GuideRegistry.load([folder], null);
  const worth = registry.summaries().map(({ particles }) => particles);
  assert.deepEqual(worth, [{ 4: 3, 8: 1.5 }, undefined]);
  assert.deepEqual(registry.get('one').particles, { 4: 3, 8: 1.5 });
  assert.equal(typeof (await GuideRegistry.load()).get('text').particles, 'object');
});

test('the error for an unknown guide suggests the nearest names', async () => {
  const registry = await GuideRegistry.load();
  assert.throws(() => registry.get('super-resolutoin'), { code: 'guide_unknown', message: /"super_resolution"/ });
  assert.equal(registry.get('target').name, 'target');
});

const broken: Record<string, [file: string, text: string, message: RegExp]> = {
  'does not parse': ['a.mjs', 'export default {', /a\.mjs: Unexpected/],
  'throws when it is loaded': ['a.mjs', 'throw new Error("no GPU")', /a\.mjs: no GPU\. Expected a default export/],
  'has no default export': ['a.mjs', 'export const guide = 1;', /a\.mjs: its default export is not as expected/],
  'exports a function that makes nothing': ['a.mjs', 'export default () => {};', /a\.mjs: its default export/],
  'has a bad name': ['a.mjs', guide('My Guide'), /a\.mjs: name is not as expected: lower-case letters/],
  'has no zod schema': [
    'a.mjs',
    "export default { name: 'a', description: 'x', params: {}, create() {} };",
    /a\.mjs: params is not as expected: a zod schema/,
  ],
  'records what is no parameter': [
    'a.mjs',
    "export default ({ z }) => ({ name: 'a', description: 'x', params: z.object({}), recorded: ['b'], create() {} });",
    /a\.mjs: recorded names "b", which is no parameter/,
  ],
  'is worth half a particle': [
    'a.mjs',
    guide('a', ' particles: 0.5,'),
    /a\.mjs: particles is not as expected: .*at least 1/,
  ],
  'has no create': [
    'a.mjs',
    "export default ({ z }) => ({ name: 'a', description: 'x', params: z.object({}) });",
    /a\.mjs: create is not as expected: a function/,
  ],
  'imports what is not there': ['a.mjs', "import 'not-installed-anywhere';", /a\.mjs: Cannot find package/],
};

for (const [name, [file, text, message]] of Object.entries(broken)) {
  test(`a guide file that ${name} is refused by name when it is loaded`, async () => {
    const folder = await folderOf({ 'good.mjs': guide('good'), [file]: text });
    await assert.rejects(GuideRegistry.load([folder], null), { code: 'guide_invalid', message });
  });
}

test('two guides with the same name are refused, and both files are reported', async () => {
  const folder = await folderOf({ 'mine.mjs': guide('target') });
  await assert.rejects(GuideRegistry.load([folder]), {
    code: 'guide_duplicate',
    message: /"target".*target\.[jt]s.*mine\.mjs/,
  });
});

test('a missing folder is reported', async () => {
  await assert.rejects(GuideRegistry.load([join(root, 'nowhere')]), { code: 'file_unreadable', message: /nowhere/ });
});
