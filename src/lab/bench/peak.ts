/**
 * Throughput of the fused graphs, compared with the peak that ONNX Runtime reaches on a matrix product, and with
 * convolutions of the same shapes alone. All are measured in the same run, each by its fastest repetition.
 */
import type { Network } from '../../engine/network/network.ts';
import { runTogether } from '../../engine/search/run.ts';
import { reconstruction } from '../../engine/tasks/encode.ts';
import { KandidError } from '../../errors.ts';
import type { Bundle } from '../../runtime/bundle.ts';
import { formShape } from '../../runtime/fused/form-nodes.ts';
import { type Convolution, choiceWork, convolutionWork } from '../../runtime/fused/work.ts';
import { GraphBuilder } from '../../runtime/onnx/graph-builder.ts';
import { encodeModel } from '../../runtime/onnx/messages.ts';
import { createSession } from '../../runtime/session.ts';
import { descentBy, noise } from './steps.ts';
import { round, timed } from './timing.ts';

/** Side of the matrices. */
const SIDE = 2048;
const BATCH = 8;

/** Throughputs are in 10⁹ operations per second; a multiply-add counts as two. */
export interface PeakFigures {
  /** Product of two matrices of 2,048². */
  readonly gflops: number;
  /** Descents that a quadratic form decides, 8 at once. */
  readonly fused_gflops: number;
  /** fused_gflops / gflops */
  readonly share: number;
  /** The convolutions of these descents, each alone. */
  readonly convolutions_gflops: number;
  /** fused_gflops / convolutions_gflops */
  readonly convolutions_share: number;
}

/** Returns the figures, or the reason why they cannot be measured. */
export async function measurePeak(
  network: Network,
  bundle: Bundle,
  seconds: number,
): Promise<PeakFigures | { readonly missing: string }> {
  const graphs = await bundle.fused();
  if (!graphs) return { missing: `the graphs of ${network.info.name} cannot be fused` };
  const work = graphs.convolutions.map((own, level) => {
    const size = graphs.sizes[level] as (typeof graphs.sizes)[number];
    const target = new Float32Array(0);
    const form = { outChannels: size.channels, height: size.side, width: size.side, target, scale: 1 };
    return own.reduce((sum, one) => sum + convolutionWork(one), choiceWork(size, formShape(form, size)));
  });
  const gflops = await matrixProduct(seconds / 3);
  const each = seconds / 3;
  const ms = await fusedMs(network, each);
  const bare = await bareConvolutions(graphs.convolutions.flat(), each);
  const fused = (2 * BATCH * sumOf(work)) / ms / 1e6;
  return {
    gflops: round(gflops, 1),
    fused_gflops: round(fused, 1),
    share: round(fused / gflops, 3),
    convolutions_gflops: round(bare, 1),
    convolutions_share: round(fused / bare, 3),
  };
}

async function fusedMs(network: Network, seconds: number): Promise<number> {
  const guide = reconstruction(noise(network.finalSide, network.info.channels));
  const descend = async () => {
    const descents = Array.from({ length: BATCH }, (_, seed) => descentBy(network, seed, guide));
    await runTogether(network, descents);
    const failed = descents.find(({ error }) => error);
    if (failed) throw failed.error ?? new KandidError('internal', { reason: 'a descent failed' });
  };
  return (await timed(descend, seconds)).min_ms;
}

/** Throughput in 10⁹ operations per second. */
async function matrixProduct(seconds: number): Promise<number> {
  const graph = new GraphBuilder('product');
  const [a, b] = [graph.input('a', [SIDE, SIDE]), graph.input('b', [SIDE, SIDE])];
  graph.output('sum', graph.op('ReduceMax', [graph.op('MatMul', [a, b])], { keepdims: 0 }), []);
  const session = await createSession(encodeModel(graph.parts()));
  try {
    const matrix = { data: noise(SIDE, 1).data, dims: [SIDE, SIDE] };
    const { min_ms: ms } = await timed(() => session.run({ a: matrix, b: matrix }), seconds);
    return (2 * SIDE ** 3) / ms / 1e6;
  } finally {
    await session.release();
  }
}

/** Throughput of all convolutions in sequence, in 10⁹ operations per second; equal ones are measured once. */
async function bareConvolutions(all: readonly Convolution[], seconds: number): Promise<number> {
  const kinds = new Map<string, { readonly one: Convolution; count: number }>();
  for (const one of all) {
    const kind = kinds.get(JSON.stringify(one)) ?? { one, count: 0 };
    kind.count += 1;
    kinds.set(JSON.stringify(one), kind);
  }
  let ms = 0;
  for (const { one, count } of kinds.values()) ms += count * (await convolutionMs(one, seconds / kinds.size));
  return (2 * BATCH * sumOf(all.map(convolutionWork))) / ms / 1e6;
}

/** Convolutions per run, so that the overhead of a run is negligible. */
const REPEATS = 8;

async function convolutionMs({ inputs, outputs, size, side }: Convolution, seconds: number): Promise<number> {
  const graph = new GraphBuilder('convolutions');
  const input = graph.input('x', ['batch', inputs, side, side]);
  const weights = graph.floats('w', [...noise(1, outputs * inputs * size ** 2).data], [outputs, inputs, size, size]);
  const pads = new Array<number>(4).fill((size - 1) / 2);
  let [value, others] = [input, ''];
  for (let n = 0; n < REPEATS; n++) {
    const result = graph.op('Conv', [value, weights], { kernel_shape: [size, size], pads });
    if (inputs === outputs) value = result;
    else {
      // All on the same input; the maximum keeps each of them in the graph.
      const max = graph.op('ReduceMax', [result], { keepdims: 0 });
      others = others === '' ? max : graph.op('Max', [others, max]);
    }
  }
  graph.output('last', others === '' ? graph.op('ReduceMax', [value], { keepdims: 0 }) : others, []);
  const session = await createSession(encodeModel(graph.parts()));
  try {
    const one = noise(side, inputs).data;
    const data = Float32Array.from({ length: BATCH * one.length }, (_, i) => one[i % one.length] as number);
    const feeds = { x: { data, dims: [BATCH, inputs, side, side] } };
    return (await timed(() => session.run(feeds), seconds)).min_ms / REPEATS;
  } finally {
    await session.release();
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
