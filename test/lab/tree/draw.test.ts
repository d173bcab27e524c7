import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawTree } from '../../../src/lab/tree/draw.ts';
import { TreeLayout } from '../../../src/lab/tree/layout.ts';
import { type TreeNode, walkTree } from '../../../src/lab/tree/walk.ts';
import { collect, grayNetwork, tinyNetwork } from '../../engine/tiny.ts';

test('the leaves are the pictures of all codes', async () => {
  const network = await tinyNetwork();
  const nodes = await collect<TreeNode>(walkTree(network, 4));
  assert.equal(nodes.length, 4 + 16 + 64 + 256);
  const leaves = nodes.filter(({ code }) => code.length === 4);
  assert.equal(new Set(leaves.map(({ code }) => code.join())).size, 256);
  const some = leaves.filter((_, i) => i % 37 === 0);
  const decoded = await network.decode(some.map(({ code }) => code));
  for (const [i, { picture }] of some.entries()) {
    const far = picture.data.map((value, at) => Math.abs(value - (decoded[i]?.data[at] as number)));
    assert.ok(Math.max(...far) < 1e-4);
  }
});

test('parents come before their children', async () => {
  const seen = new Set(['']);
  for await (const { code } of walkTree(await tinyNetwork(), 3)) {
    assert.ok(seen.has(code.slice(0, -1).join()));
    seen.add(code.join());
  }
});

test('an abort ends it', async () => {
  const aborted = AbortSignal.abort();
  await assert.rejects(collect(walkTree(await tinyNetwork(), 2, { signal: aborted })), { code: 'cancelled' });
});

const GRAYS = { model: 'gray', counts: [4, 4], depth: 2, leaf: 4 };

test('the root is the exact mean of all leaves', async () => {
  // Leaves are gray k/4 + j/8: their mean is 3/8 + 3/16.
  const network = grayNetwork([
    { side: 2, candidates: 4 },
    { side: 2, candidates: 4 },
  ]);
  const { canvas, nodes, leaves } = await drawTree(network, new TreeLayout(GRAYS));
  assert.equal(leaves, 16);
  const [root] = nodes;
  assert.deepEqual(root?.code, []);
  const at = ((root?.y as number) * canvas.width + (root?.x as number)) * 3;
  assert.equal(canvas.pixels[at], Math.round((3 / 8 + 3 / 16 + 1) * 127.5));
});

test('every picture lies at its node; the same tree gives the same bytes', async () => {
  const network = grayNetwork([
    { side: 2, candidates: 4 },
    { side: 4, candidates: 4 },
  ]);
  const draw = () => drawTree(network, new TreeLayout(GRAYS));
  const [first, second] = [await draw(), await draw()];
  assert.deepEqual(first.canvas.pixels, second.canvas.pixels);
  const { canvas, nodes } = first;
  assert.equal(nodes.length, 1 + 4 + 16);
  for (const { code, x, y, side } of nodes.slice(1)) {
    const gray = code.reduce((sum, choice, level) => sum + choice / 4 / 2 ** level, 0);
    for (const [dx, dy] of [
      [0, 0],
      [side - 1, side - 1],
    ] as const) {
      const at = ((y + dy) * canvas.width + x + dx) * 3;
      assert.equal(canvas.pixels[at], Math.min(255, Math.round((gray + 1) * 127.5)), `${code}`);
    }
  }
});
