import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KandidError } from '../../src/errors.ts';
import { compareModel, sampleGraphs } from '../../src/runtime/model-comparison.ts';
import { findModel } from '../../src/runtime/models.ts';
import { CPU } from '../../src/runtime/session-device.ts';

const graphsOf = async (name: string) => sampleGraphs(await findModel(name, ['models']));

test('the graphs that stand for a model', async () => {
  assert.deepEqual(await graphsOf('tiny'), ['level-03.onnx', 'decode.onnx']);
  assert.deepEqual(await graphsOf('avatars-64'), ['level-42.onnx', 'decode.onnx', 'prior-64.onnx', 'descend-4.onnx']);
  assert.deepEqual(await graphsOf('avatars-clip'), ['onnx/vision_model.onnx']);
  const { manifest, folder } = await findModel('tiny', ['models']);
  assert.ok(manifest?.kind === 'pyramid');
  const weights = { [manifest.weights]: { sha256: '', bytes: 2 ** 30 } };
  assert.deepEqual(sampleGraphs({ folder, manifest: { ...manifest, files: weights } }), ['level-03.onnx']);
});

test('a model differs as much as its worst graph', async () => {
  const tiny = await findModel('tiny', ['models']);
  const differences = [0.001, 0.004];
  assert.equal(await compareModel(tiny, CPU, async () => differences.shift() ?? 0), 0.004);
  assert.equal(await compareModel(tiny, CPU), 0);
  const wrong = async () => {
    throw new KandidError('device_differs', { device: 'webgpu', graph: 'x', got: '9 %', expected: '2 %' });
  };
  await assert.rejects(compareModel(tiny, CPU, wrong), { code: 'device_differs' });
});
