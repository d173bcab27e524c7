/** Builds an ONNX graph node by node; its weights are in a separate safetensors file. */
import type { Attribute, DataType, ExternalData, GraphParts, Initializer, OperatorNode, Port } from './graph-parts.ts';

/** A tensor in the weights file. */
export interface WeightPlace extends ExternalData {
  readonly type: 'float32' | 'float16';
  readonly dims: readonly number[];
}

export class GraphBuilder {
  readonly #name: string;
  readonly #weights: ReadonlyMap<string, WeightPlace>;
  readonly #nodes: OperatorNode[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #casts = new Map<string, string>();
  readonly #inputs: Port[] = [];
  readonly #outputs: Port[] = [];
  readonly #prefix: string;
  #count = 0;

  /**
   * @param weights the tensors of the weights file, by name
   * @param prefix of the names of values and small tensors, to distinguish them from those of another graph
   */
  constructor(name: string, weights: ReadonlyMap<string, WeightPlace> = new Map(), prefix = '') {
    this.#name = name;
    this.#weights = weights;
    this.#prefix = prefix;
  }

  input(name: string, dims: Port['dims'], type: DataType = 'float32'): string {
    this.#inputs.push({ name, type, dims });
    return name;
  }

  /** Makes `value` an output called `name`. */
  output(name: string, value: string, dims: Port['dims'], type: DataType = 'float32'): void {
    this.#outputs.push({ name, type, dims });
    this.alias(name, value);
  }

  /** Makes `value` available as `name` too. */
  alias(name: string, value: string): void {
    this.#nodes.push({ operator: 'Identity', inputs: [value], outputs: [name], attributes: {} });
  }

  /** Adds a node with one output; an empty string is an omitted input. */
  op(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.ops(operator, 1, inputs, attributes)[0] as string;
  }

  /** Adds a node with several outputs. */
  ops(
    operator: string,
    count: number,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string[] {
    const outputs = Array.from({ length: count }, (_, i) => `${this.#prefix}v${this.#count + i}`);
    this.#count += count;
    this.#nodes.push({ operator, inputs, outputs, attributes });
    return outputs;
  }

  /** A small integer tensor stored in the graph; equal ones are stored once. A number becomes a scalar. */
  integers(values: number | readonly number[]): string {
    const list = typeof values === 'number' ? [values] : values;
    const name = `${this.#prefix}i_${typeof values === 'number' ? '' : 'l_'}${list.join('_')}`;
    const data = new Uint8Array(BigInt64Array.from(list, BigInt).buffer);
    const dims = typeof values === 'number' ? [] : [list.length];
    this.#initializers.set(name, { name, type: 'int64', dims, data });
    return name;
  }

  /** A float tensor stored in the graph. */
  floats(name: string, values: readonly number[], dims: readonly number[] = [values.length]): string {
    const data = new Uint8Array(Float32Array.from(values).buffer);
    const own = this.#prefix + name;
    this.#initializers.set(own, { name: own, type: 'float32', dims, data });
    return own;
  }

  /** A tensor of the weights file in its stored type. */
  stored(name: string): string {
    const { type, dims, file, offset, length } = this.#place(name);
    this.#initializers.set(name, { name, type, dims, data: { file, offset, length } });
    return name;
  }

  /** Converts `value`, computed from the tensor `stored`, to float32. */
  float32(value: string, stored: string): string {
    return this.#place(stored).type === 'float32' ? value : this.op('Cast', [value], { to: 1 });
  }

  /** A tensor of the weights file as float32; converted once, when the graph is opened. */
  weight(name: string): string {
    const known = this.#casts.get(name) ?? this.float32(this.stored(name), name);
    this.#casts.set(name, known);
    return known;
  }

  parts(): GraphParts {
    return {
      name: this.#name,
      nodes: this.#nodes,
      initializers: [...this.#initializers.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
    };
  }

  #place(name: string): WeightPlace {
    const place = this.#weights.get(name);
    if (!place) throw new RangeError(`the weights have no tensor "${name}"`);
    return place;
  }
}
