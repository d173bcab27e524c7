/** The graph that draws selected candidates of any level. */
import { GraphBuilder } from '../onnx/graph-builder.ts';
import type { GraphParts } from '../onnx/graph-parts.ts';

/**
 * Inputs: `nodes` [batch, count · channels, width], `features` [batch, width, pixels] and `base` [batch, 1, channels,
 * pixels]. Output: `candidates` [batch, count, channels, pixels].
 */
export function drawGraph(channels: number): GraphParts {
  const graph = new GraphBuilder('draw');
  const nodes = graph.input('nodes', ['batch', 'rows', 'width']);
  const features = graph.input('features', ['batch', 'width', 'pixels']);
  const base = graph.input('base', ['batch', 1, channels, 'pixels']);
  const drawn = graph.op('MatMul', [nodes, features]);
  const pixels = graph.op('Slice', [graph.op('Shape', [base]), graph.integers([3]), graph.integers([4])]);
  const batch = graph.op('Slice', [graph.op('Shape', [base]), graph.integers([0]), graph.integers([1])]);
  const shape = graph.op('Concat', [batch, graph.integers([-1, channels]), pixels], { axis: 0 });
  graph.output('candidates', graph.op('Add', [graph.op('Reshape', [drawn, shape]), base]), [
    'batch',
    'count',
    channels,
    'pixels',
  ]);
  return graph.parts();
}
