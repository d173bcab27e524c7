import assert from 'node:assert/strict';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { findModel, findModels } from '../../src/runtime/models.ts';
import { copyOfTiny, editManifest, TINY } from './copies.ts';

test('models are folders with a model.json; the first folder with a name is used', async (t) => {
  const tiny = await copyOfTiny(t);
  const folder = dirname(tiny);
  await mkdir(join(folder, 'empty'));
  await writeFile(join(folder, 'README.md'), 'no model');
  await cp(tiny, join(folder, 'broken'), { recursive: true });
  await editManifest(join(folder, 'broken'), (manifest) => {
    manifest.format_version = 9;
  });
  const models = await findModels([folder, dirname(TINY), 'no/such/folder']);
  assert.deepEqual(
    models.filter((model) => model.folder.startsWith(folder)).map(({ name, error }) => [name, error?.code ?? null]),
    [
      ['broken', 'bundle_version'],
      ['tiny', null],
    ],
  );
  assert.equal(models.filter(({ name }) => name === 'tiny').length, 1);
});

test('the error for an unknown name suggests the nearest; paths are accepted only if allowed', async (t) => {
  const folder = dirname(await copyOfTiny(t));
  assert.equal((await findModel('tiny', [folder])).manifest?.name, 'tiny');
  await assert.rejects(findModel('tinny', [folder]), { code: 'model_unknown', message: /Did you mean "tiny"\?/ });
  await assert.rejects(findModel(TINY, [folder]), { code: 'model_unknown' });
  assert.equal((await findModel(TINY, [folder], { paths: true })).manifest?.name, 'tiny');
  await assert.rejects(findModel('../nowhere', [folder], { paths: true }), { code: 'model_unknown' });
});

test('no models at all', async () => {
  await assert.rejects(findModel('tiny', ['no/such/folder']), { code: 'models_missing', message: /no\/such\/folder/ });
});
