/** Scores of the graphs that draw nothing, against candidates that were drawn and then scored. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { type TestContext, test } from 'node:test';
import { formScores } from '../../guides/lib/quadratic.ts';
import target from '../../guides/target.ts';
import { Models } from '../../src/engine/models.ts';
import { START, type State } from '../../src/engine/network/network.ts';
import { advance } from '../../src/engine/search/batches.ts';
import type { GenerateEvent } from '../../src/engine/search/events.ts';
import type { LinearForm } from '../../src/guide.ts';
import { uniform } from '../../src/kit/mulberry32.ts';
import { matrixOf } from '../../src/kit/resample.ts';
import { encodePicture } from '../../src/pictures/codec.ts';
import { resolveDevice } from '../../src/runtime/device.ts';
import { codesOf, descentOf } from '../engine/tiny.ts';
import { fakeContext } from '../guides/fake-context.ts';
import { fixtureBytes, imported } from './checkpoints.ts';

const next = uniform(5);
const numbers = (length: number, from = -1) => Float32Array.from({ length }, () => from + next() * (1 - from));

async function modelOf(t: TestContext) {
  const { folder } = await imported(await fixtureBytes('small-ramp'), { precision: 'full' });
  const device = await resolveDevice('cpu');
  const models = await Models.find({ folders: [dirname(folder)], paths: false, device, threads: 1 });
  t.after(() => models.close());
  return (await models.open('mine')).network;
}

/** Forms of every kind: plain, and with colours mixed, pixels pooled and weighted. */
function formsAt(side: number): LinearForm[] {
  const plain = { outChannels: 3, height: side, width: side, target: numbers(3 * side * side), scale: 0.3 };
  const small = Math.max(1, side / 2);
  const [rows, columns] = [matrixOf('area', small, side), matrixOf('area', 1, side)];
  const pooled = { rows, columns, outChannels: 2, height: small, width: 1, target: numbers(2 * small), scale: 2 };
  return [plain, { ...plain, weight: numbers(side * side, 0) }, { ...pooled, color: numbers(6) }];
}

test('undrawn scores are those of drawn candidates, for every kind of form, and choices are drawn alike', async (t) => {
  const network = await modelOf(t);
  assert.equal(network.scoresUndrawn, true);
  let states: State[] = [START];
  for (const [level, { side }] of network.info.levels.entries()) {
    const rows = states.map((state) => ({ state, condition: null }));
    const drawn = await network.runLevel(level, rows);
    const [batch, count, channels] = drawn.candidates.dims as [number, number, number];
    for (const form of formsAt(side)) {
      const expected = formScores({ data: drawn.candidates.data, batch, count, channels, side }, form);
      const scored = await network.scoreLevel(level, rows, form);
      for (const [i, score] of expected.entries())
        assert.ok(
          Math.abs(score - (scored.scores.data[i] as number)) <= 1e-5 * Math.abs(score) + 1e-6,
          `level ${level}`,
        );
      const [ours, theirs] = [new Float32Array(scored.size), new Float32Array(scored.size)];
      scored.drawInto(ours, batch - 1, count - 1);
      drawn.drawInto(theirs, batch - 1, count - 1);
      assert.ok(ours.every((value, i) => Math.abs(value - (theirs[i] as number)) < 1e-5));
      scored.releaseCandidates();
    }
    // Two rows from level 1 on.
    states = [0, 1].map((choice) => {
      const predict = new Float32Array(drawn.size);
      drawn.drawInto(predict, 0, choice);
      return {
        code: [...(states[0] as State).code, choice],
        from: { features: drawn.features, row: 0 },
        predict,
        logPrior: 0,
      };
    });
  }
});

test('a descent by one quadratic guide draws nothing, and comes to the same code and events', async (t) => {
  const network = await modelOf(t);
  const side = network.finalSide;
  const picture = { data: numbers(3 * side * side), channels: 3, width: side, height: side };
  const image = new Uint8Array(await encodePicture(picture));
  const descend = async (isTrusted: boolean) => {
    const context = fakeContext({ model: { finalSide: side } });
    const guide = await target.create(target.params.parse({ image }), context);
    const descent = descentOf(network, { guides: [guide], isTrusted, count: 2 });
    const events: GenerateEvent[] = [];
    while (descent.status === 'ready') {
      assert.equal(descent.linear !== null, isTrusted);
      await advance(network, [descent]);
      events.push(...descent.takeEvents());
    }
    assert.equal(descent.status, 'done', String(descent.error));
    return events;
  };
  const [undrawn, drawn] = [await descend(true), await descend(false)];
  assert.deepEqual(codesOf(undrawn), codesOf(drawn));
  assert.equal(undrawn.length, drawn.length);
});
