/** `kandid mcp`, by the official SDK's own client, which starts it as assistants do. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { commandLine } from '../programs.ts';
import { kandid } from './fake-io.ts';

const WORDS = ['mcp', '-m', 'tiny', '--device', 'cpu', '--threads', '1'];

test('tools over standard input and output: pictures by path, cancellation, end of input', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kandid-mcp-'));
  const client = new Client({ name: 'test', version: '1' });
  const args = commandLine(...WORDS);
  const transport = new StdioClientTransport({ command: process.execPath, args, stderr: 'pipe' });
  let said = '';
  transport.stderr?.on('data', (bytes: Buffer) => {
    said += bytes;
  });
  const closed = new Promise<void>((resolve) => {
    transport.onclose = resolve;
  });
  await client.connect(transport);
  const { pid } = transport;
  try {
    const call = async (name: string, given: Record<string, unknown>) =>
      (await client.callTool({ name, arguments: given })) as CallToolResult;
    const [image, text] = (await call('generate', { seed: 4 })).content;
    assert.ok(image?.type === 'image' && text?.type === 'text');
    const told = JSON.parse(text.text) as { images: { code: string; url?: string }[] };
    assert.equal(told.images[0]?.url, undefined);
    const file = join(folder, 'a picture.png');
    await writeFile(file, Buffer.from(image.data, 'base64'));
    for (const name of [file, pathToFileURL(file).href])
      assert.equal((await call('info', { image: name })).structuredContent?.code, told.images[0]?.code);
    const wrong = await call('info', { image: 'file://elsewhere/a.png' });
    assert.match(JSON.stringify(wrong.content), /image: it is no address of a file here/);
    const missing = await call('upscale', { image: join(folder, 'none.png') });
    assert.deepEqual([missing.isError, missing.content[0]?.type], [true, 'text']);
    assert.match(JSON.stringify(missing.content), /none\.png could not be read/);
    const left = new AbortController();
    const slow = { name: 'generate', arguments: { count: 10, size: 2048 } };
    const asking = client.callTool(slow, undefined, { signal: left.signal, onprogress: () => left.abort() });
    await assert.rejects(asking);
    assert.equal((await call('models', {})).isError, undefined);
  } finally {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  }
  await closed;
  assert.throws(() => process.kill(pid ?? 0, 0), { code: 'ESRCH' });
  assert.equal(said, '');
});

test('exits with a one-line error if models cannot be opened', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const pipes = { input, output, log: (_: string, done: () => void) => done() };
  const { code, err } = await kandid(['mcp', '-m', 'none', '--device', 'cpu'], { pipes });
  assert.equal(code, 2);
  assert.match(err, /There is no model "none"/);
});
