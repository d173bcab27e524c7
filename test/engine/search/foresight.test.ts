import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_TURNS } from '../../../src/engine/guides/context.ts';
import { START, type State } from '../../../src/engine/network/network.ts';
import { finishing, foresightOf } from '../../../src/engine/search/foresight.ts';
import { certainNoise } from '../../../src/engine/search/prior-paths.ts';
import { priorNetwork, tinyNetwork } from '../tiny.ts';

const network = await priorNetwork();
const { finalSide } = network;

/** A state after one choice. */
const after = (choice: number): State => ({ ...START, code: [choice] });

/** The picture of a prefix continued by the prior's likeliest choices, drawn by the graph for whole descents. */
async function drawn(code: readonly number[]): Promise<Float32Array> {
  const [path] = await network.descend([certainNoise(network.info, code)], [null]);
  return path?.images.at(-1) ?? new Float32Array(0);
}

test('candidates are continued by the likeliest choices of the prior, for any number of them', async () => {
  const foresee = foresightOf(network, null, NO_TURNS, finalSide);
  const finish = finishing(foresee, [START, after(2)], 4);
  const places = [3, 1, 0, 2, 1].map((choice, i) => ({ row: Number(i > 2), choice }));
  const pictures = await finish?.(places);
  assert.equal(pictures?.length, 5);
  for (const [i, code] of [[3], [1], [0], [2, 2], [2, 1]].entries()) {
    const expected = await drawn(code);
    assert.deepEqual([pictures?.[i]?.width, pictures?.[i]?.data.length], [finalSide, expected.length]);
    for (const [at, value] of expected.entries())
      assert.ok(Math.abs(value - (pictures?.[i]?.data[at] as number)) < 1e-4);
  }
});

test('continuations end at a given side', async () => {
  const [picture] = (await foresightOf(network, null, NO_TURNS, 4)?.([[1]])) ?? [];
  assert.equal(picture?.width, 4);
  const [path] = await network.descend([certainNoise(network.info, [1])], [null]);
  assert.deepEqual(picture?.data, path?.images.filter(({ length }) => length === picture?.data.length).at(-1));
});

test('no foresight without a prior, or for models with small pictures', async () => {
  assert.equal(foresightOf(await tinyNetwork(), null, NO_TURNS, finalSide), undefined);
  assert.equal(foresightOf(network, null, NO_TURNS), undefined);
  assert.equal(
    finishing(() => assert.fail('asked'), [START], 32),
    undefined,
    'as fine already',
  );
});
