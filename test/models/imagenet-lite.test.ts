/** The ImageNet network makes of a picture file what PyTorch made of it (`scripts/export_imagenet.py --vectors`). */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { readLabels } from '../../guides/lib/labels.ts';
import { toPixels } from '../../guides/lib/pixels.ts';
import { decodePicture } from '../../src/pictures/codec.ts';
import { createSession } from '../../src/runtime/session.ts';

const FOLDER = resolve('models/imagenet-lite');

interface Sampled {
  readonly length: number;
  readonly step: number;
  readonly values: readonly number[];
}

const { png, side, outputs } = JSON.parse(await readFile('test/fixtures/imagenet-lite.json', 'utf8')) as {
  png: string;
  side: number;
  outputs: Readonly<Record<string, Sampled>>;
};

async function pixelsOfFile(): Promise<Float32Array> {
  const labels = readLabels(JSON.parse(await readFile(join(FOLDER, 'labels.json'), 'utf8')));
  assert.equal(labels.side, side);
  const { data, channels, width } = await decodePicture(Buffer.from(png, 'base64'));
  const format = { side, kernel: 'bilinear', mean: labels.mean ?? [], deviation: labels.deviation ?? [] } as const;
  return toPixels({ data, batch: 1, count: 1, channels, side: width }, 0, 1, format);
}

function assertAlike(name: string, found: Float32Array, { length, step, values }: Sampled): void {
  assert.equal(found.length, length, name);
  for (const [i, value] of values.entries()) {
    const got = found[i * step] as number;
    assert.ok(Math.abs(got - value) <= 1e-3 * Math.max(1, Math.abs(value)), `${name} ${i * step}: ${got}, ${value}`);
  }
}

test('pixels of a picture file equal those in PyTorch', async () => {
  assertAlike('pixels', await pixelsOfFile(), outputs.pixels as Sampled);
});

test('logits, features and feature maps equal those of PyTorch', async () => {
  const feeds = { pixels: { data: await pixelsOfFile(), dims: [1, 3, side, side] } };
  const seen: string[] = [];
  for (const graph of ['model.onnx', 'maps.onnx']) {
    const session = await createSession(join(FOLDER, graph), { threads: 1 });
    for (const [name, { data }] of Object.entries(await session.run(feeds))) {
      assertAlike(name, data, outputs[name] as Sampled);
      seen.push(name);
    }
    await session.release();
  }
  assert.deepEqual(['pixels', ...seen].sort(), Object.keys(outputs).sort());
});
