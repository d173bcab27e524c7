/** Guides that score a shortlist: only its candidates are drawn, and choices equal those of a run that draws all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quadraticGuide } from '../../../guides/lib/quadratic.ts';
import { compareAt } from '../../../guides/lib/reference.ts';
import { MAX_DRAWN_BYTES } from '../../../src/contract/beams.ts';
import { Network } from '../../../src/engine/network/network.ts';
import { runTogether } from '../../../src/engine/search/run.ts';
import type { Guide } from '../../../src/guide.ts';
import { shipped } from '../models.ts';
import { bright, codesOf, descentOf, type PlanOptions } from '../tiny.ts';

async function networks() {
  const { network, bundle } = await shipped('avatars-64');
  return { network, drawing: new Network(network.info, bundle.levels, bundle.decode) };
}

/** Levels whose candidates were all drawn. */
function drawnLevels(network: Network): number[] {
  const levels: number[] = [];
  const runLevel = network.runLevel.bind(network);
  network.runLevel = (level, ...rest) => {
    levels.push(level);
    return runLevel(level, ...rest);
  };
  return levels;
}

async function codes(network: Network, guides: readonly Guide[], options: PlanOptions = {}): Promise<number[][]> {
  const descent = descentOf(network, { ...options, guides });
  await runTogether(network, [descent]);
  if (descent.error) throw descent.error;
  return codesOf(descent.drainEvents());
}

const shortlisted = bright({ prefers: { shortlist: 9, refine: 5 } });

test('above the side at which candidates are compared, only scored candidates are drawn', async () => {
  const { network, drawing } = await networks();
  const drawn = drawnLevels(network);
  assert.deepEqual(await codes(network, [shortlisted]), await codes(drawing, [shortlisted]));
  assert.deepEqual(
    drawn,
    network.info.levels.flatMap(({ side }, level) => (side <= 8 ? [level] : [])),
  );
});

test('several results, and several beams', async () => {
  const { network, drawing } = await networks();
  for (const options of [{ count: 3 }, { beams: network.info.levels.map(() => 2) }])
    assert.deepEqual(await codes(network, [shortlisted], options), await codes(drawing, [shortlisted], options));
});

test('a guide with a form narrows the candidates of a guide that needs drawn ones', async () => {
  const { network, drawing } = await networks();
  const side = network.finalSide;
  const data = new Float32Array(3 * side * side).map((_, i) => Math.sin(i / 50));
  const near = quadraticGuide((at) => compareAt({ data, channels: 3, side }, at, at));
  assert.deepEqual(await codes(network, [near, shortlisted]), await codes(drawing, [near, shortlisted]));
});

test('where the candidates of all beams would take too much memory, one beam draws at a time', async () => {
  const { network, drawing } = await networks();
  const { levels, channels } = network.info;
  const bytes = ({ candidateCount, side }: (typeof levels)[number]) => 4 * candidateCount * channels * side ** 2;
  const most = Math.max(...levels.map(bytes));
  const kept = Math.ceil((MAX_DRAWN_BYTES + 1) / most);
  // The last levels: the others would only take time.
  const first = levels.length - 3;
  const beams = levels.map((_, level) => (level < first ? 1 : kept));
  const drawn = drawnLevels(network);
  let largest = 0;
  const plain = bright();
  const guide: Guide = {
    ...plain,
    score(candidates, ...rest) {
      largest = Math.max(largest, candidates.data.byteLength);
      return plain.score(candidates, ...rest);
    },
  };
  assert.deepEqual(await codes(network, [guide], { beams }), await codes(drawing, [plain], { beams }));
  assert.equal(drawn.at(-1), first);
  assert.ok(largest <= most);
});

test('a prefix draws only its own candidates', async () => {
  const { network, drawing } = await networks();
  const prefixes = [network.candidateCounts.map((count, level) => (7 * level) % count)];
  const drawn = drawnLevels(network);
  assert.deepEqual(await codes(network, [], { prefixes }), prefixes);
  assert.deepEqual(drawn, []);
  assert.deepEqual(await codes(drawing, [], { prefixes }), prefixes);
});
