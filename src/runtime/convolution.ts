/**
 * Graphs of 3×3 convolutions, which prove that a device computes. Since ONNX Runtime 1.28 its CUDA provider loads cuDNN
 * with the first convolution: a provider that opens, or adds numbers, may still lack it.
 */
import { Random } from '../kit/random.ts';
import { sizeOf, type Tensor, tensor } from '../kit/tensor.ts';
import { GraphBuilder } from './onnx/graph-builder.ts';
import { encodeModel } from './onnx/messages.ts';
import type { Session } from './session.ts';

const CHANNELS = 8;
const SIDE = 16;
const PICTURES = [1, CHANNELS, SIDE, SIDE];
const KERNELS = [CHANNELS, CHANNELS, 3, 3];

export function convolutionGraph(): Uint8Array {
  const graph = new GraphBuilder('convolution');
  const inputs = [graph.input('pictures', PICTURES), graph.input('kernels', KERNELS)];
  graph.output('result', graph.op('Conv', inputs, { pads: [1, 1, 1, 1] }), PICTURES);
  return encodeModel(graph.parts());
}

/** Numbers of channels that WebGPU had wrong in one of its layouts (6, 9, 18), and others; of 8 kernels each. */
const AWKWARD_CHANNELS = [3, 6, 8, 9, 18];
/** Sides of pictures, in pixels: WebGPU has kernels of its own for multiples of 4. */
const AWKWARD_SIDES = [4, 5, 16];

/** Convolutions of several numbers of channels and sizes, with stored kernels as models have them. */
export function awkwardConvolutions(): Uint8Array {
  const graph = new GraphBuilder('convolutions');
  const random = Random.of(2);
  for (const channels of AWKWARD_CHANNELS) {
    const weights = Array.from({ length: CHANNELS * channels * 9 }, () => 2 * random.uniform() - 1);
    const kernels = graph.floats(`kernels_${channels}`, weights, [CHANNELS, channels, 3, 3]);
    for (const side of AWKWARD_SIDES) {
      const pictures = graph.input(`pictures_${channels}_${side}`, [1, channels, side, side]);
      const result = graph.op('Conv', [pictures, kernels], { pads: [1, 1, 1, 1] });
      graph.output(`result_${channels}_${side}`, result, [1, CHANNELS, side, side]);
    }
  }
  return encodeModel(graph.parts());
}

/** Runs an opened graph once on numbers between −1 and 1 that are the same everywhere; integers are 1, free sizes small. */
export async function runOnce(session: Pick<Session, 'inputs' | 'run'>): Promise<Record<string, Tensor>> {
  const random = Random.of(1);
  const feeds = session.inputs.map(({ name, type, dims }) => {
    const sizes = dims.map(sizeFor);
    const count = sizeOf(sizes);
    const data =
      type === 'int64'
        ? new BigInt64Array(count).fill(1n)
        : Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);
    return [name, tensor<Float32Array | BigInt64Array>(data, sizes)] as const;
  });
  return await session.run(Object.fromEntries(feeds));
}

/** Sizes that graphs leave free, by parts of their names: those of a picture that any network takes. */
const FREE = { height: 224, width: 224, channels: 3, length: 8 };

function sizeFor(dim: number | string): number {
  if (typeof dim === 'number') return dim;
  return Object.entries(FREE).find(([part]) => dim.includes(part))?.[1] ?? 1;
}
