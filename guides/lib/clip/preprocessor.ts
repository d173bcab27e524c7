/** Picture format of a network, read from the preprocessor_config.json of its export. */
import { z } from 'zod';
import { GuideProblem } from '../../../src/guide.ts';
import type { Kernel } from '../../../src/kit/resample.ts';
import type { PixelFormat } from '../pixels.ts';

const size = z.union([
  z.int().positive(),
  z.object({ height: z.int().positive(), width: z.int().positive() }),
  z.object({ shortest_edge: z.int().positive() }),
]);

const config = z.object({
  size: size.optional(),
  crop_size: size.optional(),
  resample: z.int().optional(),
  image_mean: z.array(z.number()).min(1).max(4).default([0, 0, 0]),
  image_std: z.array(z.number().positive()).min(1).max(4).default([1, 1, 1]),
  do_normalize: z.boolean().default(true),
  do_center_crop: z.boolean().default(true),
});

/** Pillow's numbers of the resampling filters. */
const PILLOW_KERNELS: Readonly<Record<number, Kernel>> = { 1: 'lanczos', 2: 'bilinear', 3: 'bicubic', 4: 'area' };

function sideOf(value: z.output<typeof size> | undefined): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  return 'shortest_edge' in value ? value.shortest_edge : value.height;
}

/** @throws GuideProblem if the file does not give the size of the pictures */
export function clipPixelFormat(json: unknown): PixelFormat {
  const parsed = config.safeParse(json);
  const resized = parsed.success ? sideOf(parsed.data.size) : undefined;
  const cropped = parsed.success && parsed.data.do_center_crop ? sideOf(parsed.data.crop_size) : undefined;
  const side = cropped ?? resized;
  if (!parsed.success || side === undefined)
    throw new GuideProblem(
      'preprocessor_config.json is invalid: expected crop_size or size, image_mean and image_std, as CLIP exports have them',
    );
  const { image_mean, image_std, do_normalize, resample = 3 } = parsed.data;
  const kernel = PILLOW_KERNELS[resample];
  if (!kernel)
    throw new GuideProblem(
      `preprocessor_config.json has resample ${resample}: expected ${Object.keys(PILLOW_KERNELS).join(', ')} (Pillow's lanczos, bilinear, bicubic, box)`,
    );
  return {
    side,
    ...(resized !== undefined && resized > side ? { resizedSide: resized } : {}),
    kernel,
    mean: do_normalize ? image_mean : image_mean.map(() => 0),
    deviation: do_normalize ? image_std : image_std.map(() => 1),
  };
}
