/**
 * Picture towers for half-finished pictures, each for pictures of one side in pixels. Listed in the model.json of a CLIP
 * that was trained on a DDN's pictures (scripts/clip/towers.py); others have none.
 */
import { join } from 'node:path';
import { z } from 'zod';
import type { GuideContext } from '../../../src/guide.ts';
import { outputOf } from '../network-output.ts';
import type { PixelFormat } from '../pixels.ts';

/** A network from pictures of a format to embeddings. */
export interface PictureTower {
  readonly format: PixelFormat;
  /** Pictures that a run may take: other work waits during a run. */
  readonly most: number;
  /** @param pixels [number, channels, side, side]; returns [number, size], not normalised */
  embed(pixels: Float32Array, number: number): Promise<Float32Array>;
}

/** About 20 ms of a core at 32 px. */
const MOST = 128;

const manifest = z.looseObject({
  picture_towers: z
    .array(z.looseObject({ side: z.int().min(1).max(1024), file: z.string().regex(/^(\w[\w.-]*\/)*\w[\w.-]*\.onnx$/) }))
    .default([]),
});

/**
 * By side.
 *
 * @param json model.json, as read; null: none
 * @param format of the CLIP's own pictures, whose normalisation the towers share
 * @throws Error if model.json lists them in another way, or if one cannot be opened
 */
export async function openSideTowers(
  folder: string,
  json: unknown,
  { mean, deviation, kernel }: PixelFormat,
  open: GuideContext['open'],
): Promise<ReadonlyMap<number, PictureTower>> {
  const { picture_towers: listed } = manifest.parse(json ?? {});
  const towers = listed.map(async ({ side, file }): Promise<[number, PictureTower]> => {
    const network = await open(join(folder, file));
    const format = { side, kernel, mean, deviation };
    return [
      side,
      { format, most: MOST, embed: async (pixels, n) => (await outputOf(network, pixels, n, format)).data },
    ];
  });
  return new Map(await Promise.all(towers));
}
