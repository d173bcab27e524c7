import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_TURNS } from '../../../src/engine/guides/context.ts';
import { START, type State } from '../../../src/engine/network/network.ts';
import { finishing, foresightOf } from '../../../src/engine/search/foresight.ts';
import { certainNoise } from '../../../src/engine/search/prior-paths.ts';
import { priorNetwork, tinyNetwork } from '../tiny.ts';

const network = await priorNetwork();
const { finalSide } = network;

/** The picture that the prior's likeliest choices make of a beginning, by the graph that draws whole descents. */
async function drawn(code: readonly number[]): Promise<Float32Array> {
  const [path] = await network.descend([certainNoise(network.info, code)], [null]);
  return path?.images.at(-1) ?? new Float32Array(0);
}

test('candidates are finished as the prior likes best', async () => {
  const output = await network.runLevel(0, [{ state: START, condition: null }], 1, true);
  const foresee = foresightOf(network, null, NO_TURNS, finalSide);
  const finish = finishing(foresee, [START], output, 0);
  const pictures = await finish?.([3, 1, 0].map((choice) => ({ row: 0, choice })));
  assert.equal(pictures?.length, 3);
  for (const [i, choice] of [3, 1, 0].entries()) {
    const expected = await drawn([choice]);
    assert.deepEqual([pictures?.[i]?.width, pictures?.[i]?.data.length], [finalSide, expected.length]);
    for (const [at, value] of expected.entries())
      assert.ok(Math.abs(value - (pictures?.[i]?.data[at] as number)) < 1e-4);
  }
});

test('nothing is foreseen without a prior, nor by a model that ends before one would see what a picture is of', async () => {
  assert.equal(foresightOf(await tinyNetwork(), null, NO_TURNS, finalSide), undefined);
  assert.equal(foresightOf(network, null, NO_TURNS), undefined);
  const [asFine] = [{ candidates: { dims: [1, 4, 3, 32, 32] } }];
  const never = async (states: readonly State[]) => states.map(() => assert.fail('asked'));
  assert.equal(finishing(never, [], asFine as never, 0), undefined);
});
