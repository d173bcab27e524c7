import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { KandidError } from '../../src/errors.ts';
import { loadServerSettings, printSettings, type ServerFlags } from '../../src/server/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-'));
after(() => rmSync(folder, { recursive: true }));

function fileOf(content: unknown): string {
  const path = join(folder, 'kandid.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function refusal(flags: ServerFlags, environment: NodeJS.ProcessEnv = {}): string {
  try {
    loadServerSettings(flags, environment);
  } catch (error) {
    return (error as KandidError).message.replaceAll(folder, '…');
  }
  return 'taken';
}

const SHA = 'ab'.repeat(32);

test('by default it listens on this machine only, and everything is limited', () => {
  const settings = loadServerSettings({}, {});
  assert.equal(settings.host, '127.0.0.1');
  assert.equal(settings.auth, 'auto');
  assert.deepEqual(settings.apiKeys, []);
  assert.equal(settings.aliases['gpt-image-1'], '');
  for (const [name, value] of Object.entries(settings))
    if (typeof value === 'number') assert.ok(Number.isFinite(value), name);
});

test('flags win over the environment, which wins over the file', () => {
  const config = fileOf({ port: 1, waiting: 2, perClient: 3, allowedHosts: ['a'] });
  const environment = { KANDID_CONFIG: config, KANDID_WAITING: '20', KANDID_PER_CLIENT: '30', KANDID_DEVICE: 'cpu' };
  const settings = loadServerSettings({ perClient: 300 }, environment);
  assert.deepEqual(
    [settings.port, settings.waiting, settings.perClient, settings.device, settings.allowedHosts],
    [1, 20, 300, 'cpu', ['a']],
  );
});

test('keys and aliases as text and as objects', () => {
  const settings = loadServerSettings({}, { KANDID_API_KEYS: `me:${SHA}, you:${SHA}`, KANDID_ALIASES: 'a=tiny,b=' });
  assert.deepEqual(settings.apiKeys, [
    { name: 'me', sha256: SHA },
    { name: 'you', sha256: SHA },
  ]);
  assert.deepEqual(settings.aliases, { a: 'tiny', b: '' });
  const config = fileOf({ apiKeys: [{ name: 'me', sha256: SHA, jobs: 2 }], aliases: { c: 'tiny' } });
  const fromFile = loadServerSettings({ config }, {});
  assert.deepEqual(fromFile.apiKeys, [{ name: 'me', sha256: SHA, jobs: 2 }]);
  assert.deepEqual(fromFile.aliases, { c: 'tiny' });
});

test('invalid settings are reported by their given names', () => {
  assert.equal(refusal({ port: 'x' }), 'Setting port is "x", expected a whole number from 0 to 65535.');
  assert.match(
    refusal({}, { KANDID_KEPT_SECONDS: '-1' }),
    /^Setting KANDID_KEPT_SECONDS is "-1", expected seconds, 0 to/,
  );
  assert.match(refusal({}, { KANDID_API_KEYS: 'me' }), /^Setting KANDID_API_KEYS/);
  assert.match(
    refusal({ config: fileOf({ waiting: 0 }) }),
    /^Setting waiting in …\/kandid.json is 0, expected a whole/,
  );
  assert.match(refusal({ config: fileOf({ prot: 1 }) }), /a file with "prot", expected names of settings only/);
  assert.match(refusal({ config: fileOf('{') }), /not JSON/);
  assert.match(refusal({ config: fileOf([]) }), /not an object/);
  assert.match(refusal({ config: join(folder, 'nothing') }), /could not be read/);
});

test('printed settings hide secrets', () => {
  const settings = loadServerSettings(
    { webhookSecret: 'a-very-secret-secret', apiKeys: [{ name: 'me', sha256: SHA }] },
    {},
  );
  const printed = JSON.parse(printSettings(settings));
  assert.equal(printed.webhookSecret, '(hidden)');
  assert.equal(printed.apiKeys, '(hidden)');
  assert.equal(printed.port, 8080);
  assert.deepEqual(JSON.parse(printSettings(loadServerSettings({}, {}))).apiKeys, []);
});
