/**
 * Graphs whose half-precision weights are float32: WebGPU cannot gather from others unless the GPU computes in half
 * precision. The files stay as they are; the weights are converted when ONNX Runtime opens the graph, as on the CPU.
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { OperatorNode, StoredGraph, StoredNode } from '../onnx/graph-parts.ts';
import { DATA_TYPES, decodeModel, integerAttribute, withInputs, withNodes } from '../onnx/messages.ts';

/** A graph as `createSession` takes it. */
export interface GraphSource {
  readonly graph: string | Uint8Array;
  /** Folder of the files that a graph given as bytes refers to. */
  readonly folder?: string | undefined;
}

/**
 * The same graph without half precision; the one given if it has none.
 *
 * @throws {Error} if the file cannot be read, or is not a valid message
 */
export async function float32Graph(source: GraphSource): Promise<GraphSource> {
  const { graph, folder } = source;
  const changed = withoutHalves(typeof graph === 'string' ? await readFile(graph) : graph);
  if (!changed) return source;
  return { graph: changed, folder: typeof graph === 'string' ? dirname(graph) : folder };
}

/** Null if nothing in it computes in half precision. */
export function withoutHalves(model: Uint8Array): Uint8Array | null {
  const graph = decodeModel(model);
  const converted = convertedNames(graph);
  const nodes = graph.nodes.map((node) => nodeInFloat32(node, converted));
  if (converted.size === 0 && nodes.every((node, at) => node === graph.nodes[at])) return null;
  return withNodes(model, [...[...converted].map(([half, float]) => castToFloat32([half], [float])), ...nodes]);
}

/** Of half-precision tensors that are used as such, and not only converted: the names of their values in float32. */
function convertedNames({ initializers, nodes }: StoredGraph): Map<string, string> {
  const used = new Set(nodes.flatMap((node) => (castTarget(node) === DATA_TYPES.float32 ? [] : node.inputs)));
  const halves = initializers.filter(({ name, type }) => type === 'float16' && used.has(name));
  return new Map(halves.map(({ name }) => [name, `${name}_float32`]));
}

function castTarget(node: StoredNode): number | null {
  return node.operator === 'Cast' ? integerAttribute(node, 'to') : null;
}

function nodeInFloat32(node: StoredNode, converted: ReadonlyMap<string, string>): StoredNode | OperatorNode {
  const inputs = node.inputs.map((input) => converted.get(input) ?? input);
  if (castTarget(node) === DATA_TYPES.float16) return castToFloat32(inputs, node.outputs);
  return inputs.every((input, at) => input === node.inputs[at]) ? node : withInputs(node, inputs);
}

function castToFloat32(inputs: readonly string[], outputs: readonly string[]): OperatorNode {
  return { operator: 'Cast', inputs, outputs, attributes: { to: DATA_TYPES.float32 } };
}
