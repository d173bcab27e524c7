/** Runs an ONNX network on prepared pictures. */
import { type GuideModel, GuideProblem } from '../../src/guide.ts';
import type { PixelFormat } from './pixels.ts';

/**
 * The first output, of its only input.
 *
 * @param pixels [number, channels, side, side]
 * @throws GuideProblem if the output is not of floats
 */
export async function outputOf(
  network: GuideModel,
  pixels: Float32Array,
  number: number,
  { mean, side }: PixelFormat,
): Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }> {
  const fed = { data: pixels, dims: [number, mean.length, side, side] };
  const { [network.outputs[0] as string]: output } = await network.run({ [network.inputs[0] as string]: fed });
  if (!(output?.data instanceof Float32Array))
    throw new GuideProblem(
      'the network gives no floats: expected one row of numbers per picture; give another network',
    );
  return { data: output.data, dims: output.dims };
}
