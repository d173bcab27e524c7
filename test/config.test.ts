import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { loadSettings, modelFolders, packageFolder } from '../src/config.ts';

test('defaults', () => {
  const settings = loadSettings({}, {});
  assert.deepEqual(settings, {
    models: [],
    guides: [],
    device: 'auto',
    allowedHosts: [],
    guideTimeout: 30,
    limitPixels: 50_000_000,
  });
});

test('flags win over the environment, which wins over defaults', () => {
  const environment = {
    KANDID_DEVICE: 'cuda:1',
    KANDID_THREADS: '2',
    KANDID_MODELS: ['a', 'b'].join(delimiter),
    KANDID_ALLOWED_HOSTS: 'localhost:8000, example.org',
    KANDID_LIMIT_PIXELS: '',
  };
  const settings = loadSettings({ device: 'cpu', guides: ['g'], threads: undefined }, environment);
  assert.equal(settings.device, 'cpu');
  assert.equal(settings.threads, 2);
  assert.deepEqual(settings.models, ['a', 'b']);
  assert.deepEqual(settings.guides, ['g']);
  assert.deepEqual(settings.allowedHosts, ['localhost:8000', 'example.org']);
  assert.equal(settings.limitPixels, 50_000_000);
});

test('an invalid setting is reported by its given name', () => {
  const message = (flags: object, environment: NodeJS.ProcessEnv) => {
    try {
      loadSettings(flags, environment);
    } catch (error) {
      return String((error as Error).message);
    }
    return 'taken';
  };
  assert.equal(
    message({}, { KANDID_DEVICE: 'gpu' }),
    'Setting KANDID_DEVICE is "gpu", expected auto, cpu, cuda, cuda:N, webgpu, coreml or dml.',
  );
  assert.equal(message({ threads: 'many' }, {}), 'Setting threads is "many", expected a whole number.');
  assert.equal(message({ threads: 0 }, {}), 'Setting threads is 0, expected 1 or more.');
  assert.equal(
    message({}, { KANDID_GUIDE_TIMEOUT: '-1' }),
    'Setting KANDID_GUIDE_TIMEOUT is "-1", expected more than 0.',
  );
});

test('files that come with Kandid are found', () => {
  assert.ok(existsSync(join(packageFolder(), 'package.json')));
  const environment = { XDG_DATA_HOME: 'data', LOCALAPPDATA: 'data' };
  const [mine, own, shipped, ...more] = modelFolders({ models: ['mine'] }, environment);
  assert.deepEqual([mine, shipped, more], ['mine', join(packageFolder(), 'models'), []]);
  assert.match(own ?? '', /kandid[/\\]models$/);
});
