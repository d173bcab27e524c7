import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { indexSettings } from '../../../src/hub/cuda/index-address.ts';
import { anchorsOf } from '../../../src/hub/cuda/simple-index.ts';
import { temporaryFolder } from '../../runtime/copies.ts';

test("the index is the option's, PIP_INDEX_URL's, that of pip's files, or pip's default", async (t) => {
  const home = await temporaryFolder(t);
  const file = join(home, 'own.conf');
  const environment = { HOME: home, XDG_CONFIG_HOME: join(home, 'config'), PIP_CONFIG_FILE: file };
  const endpoint = async (given?: string, more = {}) =>
    (await indexSettings(given, { ...environment, ...more }, async () => 'https://default.example/simple/')).endpoint;
  assert.equal(await endpoint(undefined, { PIP_CONFIG_FILE: '/dev/null' }), 'https://default.example/simple');
  await mkdir(join(home, 'config', 'pip'), { recursive: true });
  await writeFile(
    join(home, 'config', 'pip', 'pip.conf'),
    '[global]\ntimeout = 3\nindex-url = https://user.example/simple/\n',
  );
  assert.equal(await endpoint(), 'https://user.example/simple');
  await writeFile(file, '[list]\nindex-url = https://no.example/\n[download]\nindex-url: https://own.example/simple\n');
  assert.equal(await endpoint(), 'https://own.example/simple');
  assert.equal(
    await endpoint(undefined, { PIP_INDEX_URL: 'https://variable.example/a' }),
    'https://variable.example/a',
  );
  assert.equal(await endpoint('http://127.0.0.1:1/simple'), 'http://127.0.0.1:1/simple');
});

test('a name and a password are sent, but not part of the address', async () => {
  const { endpoint, token, scheme } = await indexSettings('https://me:a%40b@index.example/simple/', {});
  assert.equal(endpoint, 'https://index.example/simple');
  assert.deepEqual([scheme, Buffer.from(token ?? '', 'base64').toString()], ['Basic', 'me:a@b']);
});

test('an address of another kind is refused', async () => {
  for (const wrong of ['file:///opt/wheels', 'index.example'])
    await assert.rejects(indexSettings(wrong, {}), { code: 'option_invalid', message: /--wheels/ });
});

test('without any index, says how to name one', async () => {
  await assert.rejects(
    indexSettings(undefined, { PIP_CONFIG_FILE: '/dev/null' }, async () => null),
    { code: 'option_invalid', message: /^--index is not given, .* expected the address of a package index/ },
  );
});

test('links of a page for browsers', () => {
  const hash = 'a'.repeat(64);
  const html = `<a class="x" href="../f/one.whl?a=1&amp;b=2#sha256=${hash}" data-requires-python="&gt;=3">one.whl</a>
    <a href='https://files.example/two.whl'> two.whl </a>`;
  assert.deepEqual(anchorsOf(html, 'https://index.example/simple/one/'), [
    { file: 'one.whl', url: 'https://index.example/simple/f/one.whl?a=1&b=2', sha256: hash },
    { file: 'two.whl', url: 'https://files.example/two.whl', sha256: null },
  ]);
});
