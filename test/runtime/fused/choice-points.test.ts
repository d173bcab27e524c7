import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { choicePoints } from '../../../src/runtime/fused/choice-points.ts';
import { GraphBuilder } from '../../../src/runtime/onnx/graph-builder.ts';
import { decodeModel, encodeModel } from '../../../src/runtime/onnx/messages.ts';

const MODELS = {
  'models/tiny': 4,
  'models/digits-32-recurrent': 8,
  'models/avatars-64': 43,
  'models/avatars-256': 57,
  'models/avatars-256-color': 26,
  'models/avatars-256-edges': 34,
};

for (const [folder, levels] of Object.entries(MODELS))
  test(`${folder}: every level is found, including the base of its candidates`, async () => {
    const graph = decodeModel(await readFile(`${folder}/decode.onnx`));
    const points = choicePoints(graph, levels) ?? [];
    assert.equal(points.length, levels);
    for (const name of ['choice', 'features', 'chosen'] as const)
      assert.equal(new Set(points.map((point) => point[name])).size, levels, name);
    assert.ok(points.slice(1).every(({ predict }) => predict !== null));
    assert.equal(choicePoints(graph, levels + 1), null, 'a graph of as many levels as model.json says');
  });

test('a graph with another structure is not used', () => {
  const graph = new GraphBuilder('other');
  graph.output('image', graph.op('Neg', [graph.input('codes', ['batch', 2], 'int64')]), ['batch', 2]);
  assert.equal(choicePoints(decodeModel(encodeModel(graph.parts())), 2), null);
});
