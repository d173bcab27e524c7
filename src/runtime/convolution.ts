/**
 * A graph of one 3×3 convolution, which proves that a device computes. Since ONNX Runtime 1.28 its CUDA provider loads
 * cuDNN with the first convolution: a provider that opens, or adds numbers, may still lack it.
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
