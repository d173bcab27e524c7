import assert from 'node:assert/strict';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSet, realFolder, SET_FILE } from '../../../src/runtime/cuda/library-set.ts';
import { preload } from '../../../src/runtime/cuda/preload.ts';
import { temporaryFolder } from '../copies.ts';

const DESCRIPTION = {
  format: 1,
  packages: { 'onnxruntime-gpu': '1.30.0' },
  files: { 'libone.so.1': { bytes: 3, sha256: '0'.repeat(64) } },
  preload: ['libone.so.1'],
};

async function folderWith(t: TestContext, description: object, library = 'one'): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'libone.so.1'), library);
  await writeFile(join(folder, SET_FILE), JSON.stringify(description));
  return folder;
}

test('a set is read if all of it is there', async (t) => {
  const folder = await folderWith(t, DESCRIPTION);
  assert.deepEqual(await readSet(folder), { ...DESCRIPTION, folder });
  assert.equal(await readSet(join(folder, 'none')), null);
});

test('a set that is cut short, or leads elsewhere, is refused with what to do', async (t) => {
  const cut = await folderWith(t, DESCRIPTION, 'on');
  await assert.rejects(readSet(cut), {
    code: 'cuda_damaged',
    message: /libone\.so\.1 has 2 bytes, expected 3\. Run "npm run setup:cuda"/,
  });
  for (const wrong of [{ preload: ['../libone.so.1'] }, { preload: ['/lib/libone.so'] }, { format: 2 }])
    await assert.rejects(readSet(await folderWith(t, { ...DESCRIPTION, ...wrong })), { code: 'cuda_damaged' });
});

test('a provider is a link into its set', async (t) => {
  const [set, providers] = [await folderWith(t, DESCRIPTION), await temporaryFolder(t)];
  await symlink(join(set, 'libone.so.1'), join(providers, 'provider.so'));
  assert.equal(realFolder(join(providers, 'provider.so')), set);
  assert.equal(realFolder(join(providers, 'none.so')), providers);
});

test('libraries are loaded by full path, in order, and stay loaded', () => {
  const opened: [string, number][] = [];
  const open = (_: object, file: string, flags: number) => {
    opened.push([file, flags & 0x1000]);
    throw new Error(`Module did not self-register: '${file}'.`);
  };
  preload({ folder: '/set', preload: ['libb.so', 'liba.so'] }, open);
  assert.deepEqual(opened, [
    ['/set/libb.so', 0x1000],
    ['/set/liba.so', 0x1000],
  ]);
});

test('a library that cannot be loaded is named', { skip: process.platform !== 'linux' }, async (t) => {
  const folder = await folderWith(t, DESCRIPTION);
  assert.throws(() => preload({ folder, preload: ['libone.so.1'] }), /libone\.so\.1/);
});
