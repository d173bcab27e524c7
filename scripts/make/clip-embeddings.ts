// Prints what the text guide's CLIP makes of texts and pictures, for scripts/tests/clip/test_towers.py.
//     npx tsx scripts/make/clip-embeddings.ts FOLDER < {"texts": […], "pictures": […], "side": 64}
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { cosine, openClip } from '../../guides/lib/clip/clip.ts';
import { clipPixelFormat } from '../../guides/lib/clip/preprocessor.ts';
import { toPixels } from '../../guides/lib/pixels.ts';

interface Asked {
  readonly texts: readonly string[];
  /** Values from −1 to 1, each [3, side, side]. */
  readonly pictures: readonly (readonly number[])[];
  readonly side: number;
}

const folder = process.argv[2] ?? '';
const asked = JSON.parse(await text(process.stdin)) as Asked;
const data = Float32Array.from(asked.pictures.flat());
const candidates = { data, batch: 1, count: asked.pictures.length, channels: 3, side: asked.side };
const clip = await openClip(folder, {
  execution: { device: 'cpu', threads: 1 },
  open: (path) => Promise.reject(new Error(`${path}: a tower for one side is compared in scripts/clip/towers.py`)),
});
const texts = await clip.embedTexts(asked.texts);
const { signal } = new AbortController();
const pictures = await clip.embedPictures(candidates, { signal, compute: (piece) => piece() });
const { scale, bias } = clip.scale;
const logits = asked.pictures.map((_, n) => texts.map((one) => scale * cosine(pictures, n, one) + bias));
const format = clipPixelFormat(JSON.parse(await readFile(join(folder, 'preprocessor_config.json'), 'utf8')));
const pixels = toPixels(candidates, 0, asked.pictures.length, format);
console.log(
  JSON.stringify({
    texts: texts.map((one) => [...one]),
    pictures: [...pictures.data],
    pixels: [...pixels],
    logits,
    scale,
    bias,
  }),
);
await clip.dispose();
