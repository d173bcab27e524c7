/** Amount of computation of the graphs that choose. */
import type { ChoicePoint } from './choice-points.ts';
import type { FormShape } from './form-nodes.ts';
import type { Source, SourceLevel } from './level-graph.ts';

/** A convolution of a level. */
export interface Convolution {
  readonly inputs: number;
  readonly outputs: number;
  /** Pixels of the kernel. */
  readonly size: number;
  /** Pixels of the output. */
  readonly side: number;
}

/** Convolutions of each level; none for a first level that is the same for all pictures: ONNX Runtime computes it when it opens the graph. */
export function convolutionsOf({ graph, points, levels }: Source): Convolution[][] {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const dims = new Map(graph.initializers.map((one) => [one.name, one.dims]));
  const stored = (value: string): readonly number[] | null => {
    const [first] = producers.get(value)?.inputs ?? [];
    return dims.get(value) ?? (first === undefined ? null : stored(first));
  };
  const found: Convolution[][] = levels.map(() => []);
  let level = 0;
  for (const node of graph.nodes) {
    if (node.operator === 'Conv') {
      const [outputs, inputs, size] = stored(node.inputs[1] as string) ?? [];
      if (outputs === undefined || inputs === undefined || size === undefined) continue;
      // A kernel of one pixel runs before the features are enlarged.
      const side = levels[size === 1 && level > 0 ? level - 1 : level]?.side ?? 0;
      found[level]?.push({ inputs, outputs, size, side });
    }
    if (isGatherOf(points[level], node)) level = Math.min(level + 1, levels.length - 1);
  }
  const isConstant = !graph.inputs.some(({ name }) => name === 'condition');
  return isConstant ? [[], ...found.slice(1)] : found;
}

function isGatherOf(point: ChoicePoint | undefined, { operator, inputs }: Source['graph']['nodes'][number]): boolean {
  return operator === 'Gather' && point !== undefined && inputs[0] === point.nodes && inputs[1] === point.choice;
}

/** Multiply-add operations of a convolution. */
export function convolutionWork({ inputs, outputs, size, side }: Convolution): number {
  return inputs * outputs * size ** 2 * side ** 2;
}

/** Multiply-add operations to score the candidates of a level by a form that compares all pixels, and to draw the chosen one and its leak. */
export function choiceWork({ side, count, channels, width }: SourceLevel, shape: FormShape): number {
  const pixels = side ** 2;
  const drawing = 2 * channels * width * pixels;
  const outputs = count * shape.outChannels;
  if (shape.isDrawn) return drawing + outputs * width * pixels;
  return drawing + (width + shape.outChannels) * width * (pixels + outputs);
}
