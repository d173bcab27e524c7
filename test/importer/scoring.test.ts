/** Imported networks choose without drawing, by graphs that are put together when they are first needed. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { formScores } from '../../guides/lib/quadratic.ts';
import target from '../../guides/target.ts';
import { Models } from '../../src/engine/models.ts';
import { START, type State } from '../../src/engine/network/network.ts';
import { runTogether } from '../../src/engine/search/run.ts';
import { uniform } from '../../src/kit/mulberry32.ts';
import { encodePicture } from '../../src/pictures/codec.ts';
import { resolveDevice } from '../../src/runtime/device.ts';
import { codesOf, descentOf } from '../engine/tiny.ts';
import { fakeContext } from '../guides/fake-context.ts';
import { type Fixture, fixtureBytes, imported } from './checkpoints.ts';

const next = uniform(5);
const numbers = (length: number) => Float32Array.from({ length }, () => 2 * next() - 1);

async function networkOf(t: TestContext, fixture: Fixture) {
  const { folder } = await imported(await fixtureBytes(fixture), { precision: 'full' });
  const device = await resolveDevice('cpu');
  const models = await Models.find({ folders: [dirname(folder)], paths: false, device, threads: 1 });
  t.after(() => models.close());
  return (await models.open('mine')).network;
}

for (const fixture of ['small-ramp', 'small-color'] as const)
  test(`${fixture}: undrawn scores and choices equal those of drawn candidates`, async (t) => {
    const network = await networkOf(t, fixture);
    const { condition, channels } = network.info;
    const picture = condition && numbers(condition.channels * network.finalSide ** 2);
    let states: State[] = [START];
    for (const [level, { side, candidateCount: count }] of network.info.levels.entries()) {
      const rows = states.map((state) => ({ state, condition: picture }));
      const drawn = await network.runLevel(level, rows);
      const form = {
        outChannels: channels,
        height: side,
        width: side,
        target: numbers(channels * side ** 2),
        scale: 0.3,
      };
      const batch = rows.length;
      const expected = formScores({ data: drawn.candidates.data, batch, count, channels, side }, form);
      const forms = rows.map(() => [{ guide: 0, form }]);
      const found = await network.runUndrawn(level, rows, 1, { forms, weights: [1], usesPrior: false });
      for (const row of rows.keys())
        for (const [k, score] of found.scoresOf(0, row).entries()) {
          const wanted = expected[row * count + k] as number;
          assert.ok(Math.abs(score - wanted) <= 1e-5 * Math.abs(wanted), `level ${level}: ${score}, drawn ${wanted}`);
        }
      const best = expected.subarray((batch - 1) * count).indexOf(Math.max(...expected.subarray((batch - 1) * count)));
      for (const choice of [best, count - 1]) {
        const [ours, theirs] = [new Float32Array(found.size), new Float32Array(found.size)];
        found.drawInto(ours, batch - 1, choice);
        drawn.drawInto(theirs, batch - 1, choice);
        assert.ok(ours.every((value, i) => Math.abs(value - (theirs[i] as number)) < 1e-5));
      }
      // Two rows from level 1 on.
      states = [0, 1].map((choice) => {
        const predict = new Float32Array(drawn.size);
        drawn.drawInto(predict, 0, choice);
        const code = [...(states[0] as State).code, choice];
        return { code, from: { features: drawn.features, row: 0 }, predict, logPrior: 0 };
      });
    }
  });

test('descents by one quadratic guide have the same codes in one run and level by level', async (t) => {
  const network = await networkOf(t, 'small-ramp');
  const side = network.finalSide;
  const picture = { data: numbers(3 * side * side), channels: 3, width: side, height: side };
  const image = new Uint8Array(await encodePicture(picture));
  const descend = async (count: number, isTrusted: boolean, isWatched = false) => {
    const context = fakeContext({ model: { finalSide: side } });
    const guide = await target.create(target.params.parse({ image }), context);
    const descent = descentOf(network, { guides: [guide], isTrusted, isWatched, count });
    if (count === 1) assert.equal(descent.span !== null, isTrusted && !isWatched);
    await runTogether(network, [descent]);
    assert.equal(descent.status, 'done', String(descent.error));
    return descent.drainEvents();
  };
  for (const count of [1, 3]) {
    const drawn = await descend(count, false);
    for (const isWatched of [false, true]) {
      const undrawn = await descend(count, true, isWatched);
      assert.deepEqual(codesOf(undrawn), codesOf(drawn));
      assert.equal(undrawn.length, drawn.length);
    }
  }
});
