/** Time of CLIP's image tower for 64 candidates. */
import { join } from 'node:path';
import { toKandidError } from '../../errors.ts';
import { sizeOf } from '../../kit/tensor.ts';
import { findModel } from '../../runtime/models.ts';
import { createSession } from '../../runtime/session.ts';
import { noise } from './steps.ts';
import { type Timing, timed } from './timing.ts';

export const CLIP = 'avatars-clip';

const BATCH = 64;

/** Side in pixels if the graph of a CLIP leaves it open. */
const OPEN_SIDE = 224;

export type ClipFigures = Timing | { readonly missing: string };

/** Milliseconds of a batch of 64 pictures, or the reason why it cannot be measured. */
export async function measureClip(folders: readonly string[], seconds: number): Promise<ClipFigures> {
  try {
    const { folder } = await findModel(CLIP, folders);
    const session = await createSession(join(folder, 'onnx', 'vision_model.onnx'));
    try {
      const [input] = session.inputs;
      if (!input) return { missing: `${session.file} has no input` };
      const [channels = 3, side = OPEN_SIDE] = input.dims
        .slice(1)
        .map((dim) => (typeof dim === 'number' ? dim : undefined));
      const one = noise(side, channels).data;
      const dims = [BATCH, channels, side, side];
      const data = Float32Array.from({ length: sizeOf(dims) }, (_, i) => one[i % one.length] as number);
      return await timed(() => session.run({ [input.name]: { data, dims } }), seconds);
    } finally {
      await session.release();
    }
  } catch (error) {
    return { missing: toKandidError(error).message };
  }
}
