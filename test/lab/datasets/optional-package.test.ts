import assert from 'node:assert/strict';
import { test } from 'node:test';
import { optionalPackage } from '../../../src/lab/datasets/optional-package.ts';

/** Not written as a literal, so that no compiler looks for it. */
const absent = ['@kandid', 'absent'].join('/');

test('a package that is not installed is named, with what to run', async () => {
  await assert.rejects(
    optionalPackage(absent, () => import(absent)),
    { code: 'package_missing', message: /@kandid\/absent is not installed.*npm install @kandid\/absent/ },
  );
});

test('what is missing inside of an installed package is passed on as it is', async () => {
  await assert.rejects(
    optionalPackage('another', () => import(absent)),
    { code: 'ERR_MODULE_NOT_FOUND' },
  );
});

test('an installed package is what it is', async () => {
  assert.equal((await optionalPackage('zod', () => import('zod'))).z.string().parse('a'), 'a');
});
