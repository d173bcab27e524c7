import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { priorFromCounts } from '../../../src/engine/network/prior.ts';
import { Kandid } from '../../../src/index.ts';
import { kandid } from '../../cli/fake-io.ts';
import { giveLatents, ruleFile } from '../rule.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-latents-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const tiny = join(folder, 'tiny');
cpSync('models/tiny', tiny, { recursive: true });

async function codes(request: object): Promise<number[][]> {
  const own = await Kandid.open({ models: folder, device: 'cpu', threads: 1 });
  try {
    return (await own.pictures({ count: 8, seed: 1, ...request })).map(({ code }) => code);
  } finally {
    await own.close();
  }
}

test('shares: counts drawn towards those of the whole level', () => {
  const [first, then] = priorFromCounts(
    [
      { data: Float32Array.of(2, 1), dims: [1, 2] },
      { data: Float32Array.of(0, 2, 1, 0), dims: [2, 2] },
    ],
    5,
  );
  const near = (found: Float64Array | undefined, expected: number[]) =>
    assert.ok(expected.every((value, i) => Math.abs(Math.exp(found?.[i] as number) - value) < 1e-9));
  near(first?.[0], [(2 + 3) / 8, (1 + 2) / 8]);
  near(then?.[0], [2 / 7, 5 / 7]);
  near(then?.[1], [3 / 6, 3 / 6]);
});

test('choices that no guide makes are drawn by the transitions where that is asked for, and only then', async () => {
  giveLatents(tiny, ruleFile(), 0.001);
  const [one] = await codes({ count: 1, sampler: { draw: 'transitions' } });
  assert.deepEqual(one, [2, 3, 0, 1]);
  const several = await codes({ sampler: { draw: 'transitions' } });
  assert.equal(new Set(several.map(String)).size, 8, 'all different');
  assert.notDeepEqual(await codes({ count: 1 }), [one]);
  const [varied] = await codes({ count: 1, prefix: [[0, 0]], sampler: { draw: 'transitions' } });
  assert.deepEqual(varied, [0, 0, 1, 2]);
  const said = await kandid([
    'generate',
    '--models',
    folder,
    '--model',
    'tiny',
    '--draw',
    'transitions',
    '--json',
    '--out',
    join(folder, 'a.png'),
  ]);
  assert.deepEqual(JSON.parse(said.out).results[0].code, [2, 3, 0, 1]);
});

test('a model without, and a file that was changed, are told apart', async () => {
  const plain = await kandid([
    'generate',
    '--model',
    'tiny-recurrent',
    '--models',
    'test/fixtures/recurrent',
    '--draw',
    'transitions',
    '--out',
    join(folder, 'b.png'),
  ]);
  assert.equal(plain.code, 2);
  assert.match(plain.err, /sampler.draw: model "tiny-recurrent" has no transition statistics/);
  const bytes = ruleFile();
  giveLatents(tiny, bytes, 1);
  bytes[bytes.length - 1] = 1;
  writeFileSync(join(tiny, 'latents.safetensors'), bytes);
  await assert.rejects(codes({}), { code: 'bundle_file_changed' });
});
