import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formShape } from '../../../src/runtime/fused/form-nodes.ts';
import { choiceWork, convolutionWork } from '../../../src/runtime/fused/work.ts';
import { shipped } from '../../engine/models.ts';

test('convolutions of a level: those of its input, and two of its block', async () => {
  const graphs = await (await shipped('avatars-64')).bundle.fused();
  const all = graphs?.convolutions ?? [];
  assert.equal(all.length, 43);
  assert.deepEqual(all[0], [], 'the same for all pictures, so that no run computes it');
  assert.deepEqual(all[1], [
    { inputs: 6, outputs: 128, size: 3, side: 4 },
    { inputs: 128, outputs: 128, size: 3, side: 4 },
    { inputs: 128, outputs: 128, size: 3, side: 4 },
  ]);
  // The first level of 64 px: features are narrowed before they are enlarged.
  assert.deepEqual(all[33], [
    { inputs: 32, outputs: 16, size: 1, side: 32 },
    { inputs: 6, outputs: 16, size: 3, side: 64 },
    { inputs: 16, outputs: 16, size: 3, side: 64 },
    { inputs: 16, outputs: 16, size: 3, side: 64 },
  ]);
});

test('multiply-adds of a conditional model include its first level', async () => {
  const graphs = await (await shipped('avatars-256-color')).bundle.fused();
  assert.ok((graphs?.convolutions[0]?.length ?? 0) > 0);
});

test('a convolution multiplies every input with every output, per pixel of both', () => {
  assert.equal(convolutionWork({ inputs: 2, outputs: 3, size: 3, side: 4 }), 2 * 3 * 9 * 16);
});

const size = {
  side: 4,
  count: 8,
  channels: 3,
  width: 16,
  features: 16,
  hasBase: true,
  tensor: 'levels.1.nodes.weight',
};
const form = (side: number) => ({ outChannels: 3, height: side, width: side, target: new Float32Array(0), scale: 1 });

test('scores use the cheaper method: drawing for few pixels, Gram matrices for many', () => {
  const small = formShape(form(4), size);
  assert.equal(small.isDrawn, true);
  // The chosen candidate and its leak, then all 24 planes of 16 pixels from 16 features.
  assert.equal(choiceWork(size, small), 6 * 16 * 16 + 24 * 16 * 16);
  const large = { ...size, side: 64 };
  const byGram = formShape(form(64), large);
  assert.equal(byGram.isDrawn, false);
  assert.equal(choiceWork(large, byGram), 6 * 16 * 4096 + (16 + 3) * 16 * (4096 + 24));
});
