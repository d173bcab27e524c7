import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { extract, type Member, membersOf } from '../../../src/hub/cuda/wheel.ts';
import { temporaryFolder } from '../../runtime/copies.ts';
import { noise, sha256, zipOf } from './wheels.ts';

const FILES = { 'a/one.so': noise(70_000, 1), 'a/two.so': noise(10, 2), 'a/none': new Uint8Array() };

test('files are read out of an archive, deflated or stored', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'x.whl');
  await writeFile(path, zipOf(FILES));
  const members = await membersOf(path);
  assert.deepEqual([...members.keys()], Object.keys(FILES));
  for (const [i, [name, bytes]] of Object.entries(FILES).entries()) {
    const target = join(folder, String(i));
    const found = await extract(path, members.get(name) as Member, target);
    assert.deepEqual(found, { bytes: bytes.length, sha256: sha256(bytes) });
    assert.deepEqual(new Uint8Array(await readFile(target)), bytes);
  }
});

test('archives that are damaged are refused', async (t) => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'x.whl');
  const whole = zipOf(FILES);
  for (const wrong of [Buffer.alloc(0), Buffer.from('no archive'), whole.subarray(0, -10), whole.subarray(40_000)]) {
    await writeFile(path, wrong);
    await assert.rejects(membersOf(path), Error);
  }
  await writeFile(path, whole);
  const member = (await membersOf(path)).get('a/one.so') as Member;
  const wrong: Partial<Member>[] = [
    { bytes: 69_999 },
    { bytes: 70_001 },
    { offset: 3 },
    { method: 12 },
    { packedBytes: 9 },
  ];
  for (const [i, change] of wrong.entries())
    await assert.rejects(extract(path, { ...member, ...change }, join(folder, String(i))), Error);
});
