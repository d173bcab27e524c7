/**
 * Finds the places where decode.onnx uses the choices it is given: it draws the chosen candidate of a level as rows of
 * the level's nodes, gathered by the choice, times its features.
 */
import type { StoredGraph, StoredNode } from '../onnx/graph-parts.ts';

/** One level of the graph: names of its values. */
export interface ChoicePoint {
  /** [batch] */
  readonly choice: string;
  /** The weights for drawing candidates, [K, 2, channels, width], or [K, channels, width / 2]. */
  readonly nodes: string;
  /** The corresponding tensor in the weights file. */
  readonly tensor: { readonly name: string; readonly dims: readonly number[] };
  /**
   * Features computed from the previous level, [batch, width, side, side]; batch 1 at a first level without condition.
   */
  readonly features: string;
  /** The same, repeated for every row; empty if they already have all rows. */
  readonly repeated: readonly string[];
  /** The value that candidates are added to, at the level's side; null if there is none. */
  readonly predict: string | null;
  /** The chosen candidate, [batch, channels, side, side]. */
  readonly chosen: string;
}

const NODES = /\.nodes\.weight$/;

/** The levels of a graph, in order; null if its structure is unknown. */
export function choicePoints(graph: StoredGraph, levels: number): ChoicePoint[] | null {
  const index = new GraphIndex(graph);
  const points: ChoicePoint[] = [];
  for (const node of graph.nodes) {
    const point = node.operator === 'Gather' ? pointAt(node, index) : null;
    if (point && !points.some(({ choice }) => choice === point.choice)) points.push(point);
  }
  return points.length === levels ? points : null;
}

class GraphIndex {
  readonly #producers = new Map<string, StoredNode>();
  readonly #users = new Map<string, StoredNode[]>();
  readonly #dims: ReadonlyMap<string, readonly number[]>;

  constructor({ nodes, initializers }: StoredGraph) {
    for (const node of nodes) {
      for (const output of node.outputs) this.#producers.set(output, node);
      for (const input of node.inputs) this.#users.set(input, [...(this.#users.get(input) ?? []), node]);
    }
    this.#dims = new Map(initializers.map(({ name, dims }) => [name, dims]));
  }

  producer(value: string): StoredNode | null {
    return this.#producers.get(value) ?? null;
  }

  users(value: string, operator: string): StoredNode[] {
    return (this.#users.get(value) ?? []).filter((node) => node.operator === operator);
  }

  isInitializer(value: string): boolean {
    return this.#dims.has(value);
  }

  /** The stored nodes that a value refers to, directly or multiplied by their scales. */
  nodes(value: string): ChoicePoint['tensor'] | null {
    const dims = NODES.test(value) ? this.#dims.get(value) : undefined;
    if (dims) return { name: value, dims };
    const [first] = this.producer(value)?.inputs ?? [];
    return first === undefined ? null : this.nodes(first);
  }

  /** The value before nodes of these operators. */
  behind(value: string, operators: readonly string[]): string {
    const node = this.producer(value);
    return node && operators.includes(node.operator) ? this.behind(node.inputs[0] as string, operators) : value;
  }

  /** The first node of an operator that uses a value, directly or through nodes of the operators `between`. */
  ahead(value: string, operator: string, between: readonly string[]): StoredNode | null {
    const [found] = this.users(value, operator);
    if (found) return found;
    const next = between.flatMap((one) => this.users(value, one))[0];
    return next ? this.ahead(next.outputs[0] as string, operator, between) : null;
  }
}

function pointAt(gather: StoredNode, index: GraphIndex): ChoicePoint | null {
  const [nodes = '', choice = ''] = gather.inputs;
  const tensor = index.nodes(nodes);
  if (!tensor || index.isInitializer(choice)) return null;
  const product = index.ahead(gather.outputs[0] as string, 'MatMul', ['Cast', 'Reshape']);
  const drawn = product && index.users(product.outputs[0] as string, 'Reshape')[0];
  if (!product || !drawn) return null;
  const [split] = index.users(drawn.outputs[0] as string, 'Split');
  const candidate = (split ?? drawn).outputs[0] as string;
  const sum = index.users(candidate, 'Add').find(({ inputs }) => inputs[0] === candidate);
  const shown = index.behind(product.inputs[1] as string, ['Reshape', 'Slice']);
  const features = index.behind(shown, ['Expand']);
  return {
    choice,
    nodes,
    tensor,
    features,
    repeated: index.users(features, 'Expand').map(({ outputs }) => outputs[0] as string),
    predict: sum?.inputs[1] ?? null,
    chosen: sum?.outputs[0] ?? candidate,
  };
}
