/** The two small networks that come with Kandid, on freshly drawn avatars that neither was trained on. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import {
  AutoTokenizer,
  CLIPTextModelWithProjection,
  CLIPVisionModelWithProjection,
  Tensor,
} from '@xenova/transformers';
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import { promptsOf } from '../../src/lab/datasets/avatar-captions.ts';
import { attributeNames } from '../../src/lab/datasets/avatar-style.ts';
import { drawAvatar, renderAvatar, visibleLabels } from '../../src/lab/datasets/avatars.ts';
import { AVATAAARS, type AvataaarsAttribute } from '../../src/lab/datasets/styles/avataaars.ts';

const COUNT = 40;
const SIDE = 64;
const MODELS = resolve('models');

/** Pictures [COUNT, 3, 64, 64] in [−1, 1] with what they show. */
async function drawn() {
  const avatars = Array.from({ length: COUNT }, (_, n) => drawAvatar(AVATAAARS, `check-${n}`));
  const pixels = new Float32Array(COUNT * 3 * SIDE * SIDE);
  for (const [n, avatar] of avatars.entries()) {
    const bytes = await renderAvatar(AVATAAARS, avatar, SIDE);
    for (let p = 0; p < SIDE * SIDE; p++)
      for (let c = 0; c < 3; c++) pixels[(n * 3 + c) * SIDE * SIDE + p] = (bytes[p * 3 + c] ?? 0) / 127.5 - 1;
  }
  return { pixels, labels: avatars.map((avatar) => visibleLabels(AVATAAARS, avatar)), dims: [COUNT, 3, SIDE, SIDE] };
}

/** Share of visible attributes whose right value scores best; scoreOf(picture, attribute, value number). */
function shareRight(
  labels: readonly Partial<Record<AvataaarsAttribute, string>>[],
  scoreOf: (picture: number, attribute: AvataaarsAttribute, value: number) => number,
): number {
  const hits = labels.flatMap((shown, picture) =>
    attributeNames(AVATAAARS)
      .filter((attribute) => shown[attribute])
      .map((attribute) => {
        const values = Object.keys(AVATAAARS.attributes[attribute]);
        const scores = values.map((_, value) => scoreOf(picture, attribute, value));
        return values[scores.indexOf(Math.max(...scores))] === shown[attribute];
      }),
  );
  return hits.filter(Boolean).length / hits.length;
}

function unit(row: Float32Array): Float32Array {
  const norm = Math.hypot(...row);
  return row.map((value) => value / norm);
}

test('avatars-attributes recognises the attributes of an avatar, in the order of the table', async () => {
  const folder = join(MODELS, 'avatars-attributes');
  const { pixels, labels, dims } = await drawn();
  const session = await InferenceSession.create(join(folder, 'model.onnx'), { intraOpNumThreads: 1 });
  const { logits } = await session.run({ pixels: new OnnxTensor('float32', pixels, dims) });
  const file = JSON.parse(await readFile(join(folder, 'labels.json'), 'utf8'));
  for (const name of attributeNames(AVATAAARS))
    assert.deepEqual(file.attributes[name].values, Object.keys(AVATAAARS.attributes[name]));
  const size = (logits?.data.length ?? 0) / COUNT;
  const right = shareRight(labels, (picture, attribute, value) =>
    Number(logits?.data[picture * size + file.attributes[attribute].offset + value]),
  );
  assert.ok(right >= 0.97, `${right}`);
  await session.release();
});

test('avatars-clip loads like any CLIP, and recognises attributes by prompts', async () => {
  const folder = join(MODELS, 'avatars-clip');
  const options = { local_files_only: true, device: 'cpu', dtype: 'fp32' } as const;
  const [tokenizer, textTower, pictureTower] = await Promise.all([
    AutoTokenizer.from_pretrained(folder, options),
    CLIPTextModelWithProjection.from_pretrained(folder, options),
    CLIPVisionModelWithProjection.from_pretrained(folder, options),
  ]);
  const { pixels, labels, dims } = await drawn();
  const { image_embeds: seen } = await pictureTower({ pixel_values: new Tensor('float32', pixels, dims) });
  const read = new Map<string, Float32Array[]>();
  for (const attribute of attributeNames(AVATAAARS)) {
    const prompts = Object.keys(AVATAAARS.attributes[attribute]).map(
      (value) => promptsOf(AVATAAARS, attribute, value)[0] ?? '',
    );
    const { text_embeds: texts } = await textTower(tokenizer(prompts, { padding: true, truncation: true }));
    const size = texts.dims[1];
    read.set(
      attribute,
      prompts.map((_, n) => unit(texts.data.slice(n * size, (n + 1) * size))),
    );
  }
  const right = shareRight(labels, (picture, attribute, value) => {
    const text = read.get(attribute)?.[value] ?? new Float32Array();
    return text.reduce((sum, weight, i) => sum + weight * seen.data[picture * text.length + i], 0);
  });
  assert.ok(right >= 0.93, `${right}`);
  await Promise.all([textTower.dispose(), pictureTower.dispose()]);
});
