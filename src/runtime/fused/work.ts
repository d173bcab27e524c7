/** How much the graphs that choose have to compute. */
import type { ChoicePoint } from './choice-points.ts';
import type { FormShape } from './form-nodes.ts';
import type { Source, SourceLevel } from './level-graph.ts';

/** A convolution of a level. */
export interface Convolution {
  readonly inputs: number;
  readonly outputs: number;
  /** Of the kernel, in pixels. */
  readonly size: number;
  /** Of what comes out, in pixels. */
  readonly side: number;
}

/** Of each level; of a first level that is the same for all pictures, none: ONNX Runtime computes it when it opens the graph. */
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
      // A kernel of one pixel stands before the features are enlarged.
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

/** Multiplications, each with an addition, of a convolution. */
export function convolutionWork({ inputs, outputs, size, side }: Convolution): number {
  return inputs * outputs * size ** 2 * side ** 2;
}

/** Of scoring the candidates of a level by a form that compares all pixels, and of drawing the chosen one and what it leaks. */
export function choiceWork({ side, count, channels, width }: SourceLevel, shape: FormShape): number {
  const pixels = side ** 2;
  const drawing = 2 * channels * width * pixels;
  const outputs = count * shape.outChannels;
  if (shape.isDrawn) return drawing + outputs * width * pixels;
  return drawing + (width + shape.outChannels) * width * (pixels + outputs);
}
