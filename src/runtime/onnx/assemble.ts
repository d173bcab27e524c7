/** Puts a graph together of what another one computes and of nodes that are added to it. */
import { type GraphParts, type OperatorNode, type StoredGraph, type StoredNode, withOutputs } from './messages.ts';

/**
 * The graph of the added outputs: what they need of both, and nothing else. Where an added node gives a value the name of a
 * stored one, it takes its place: so a value becomes another one, or an input, for all nodes that use it.
 *
 * @param kept names of stored inputs that are taken even where nothing needs them
 * @throws {RangeError} where a value comes from nowhere, or from itself
 */
export function assembled(stored: StoredGraph, added: GraphParts, kept: readonly string[] = []): GraphParts {
  const producers = new Map<string, OperatorNode | StoredNode>();
  for (const node of [...stored.nodes, ...added.nodes]) for (const output of node.outputs) producers.set(output, node);
  const tensors = new Map([...stored.initializers, ...added.initializers].map((one) => [one.name, one]));
  const ports = new Map([...stored.inputs, ...added.inputs].map((one) => [one.name, one]));
  const nodes = new Set<OperatorNode | StoredNode>();
  const used = new Set<string>();
  const begun = new Set<OperatorNode | StoredNode>();
  const need = (value: string): void => {
    if (value === '' || used.has(value)) return;
    const node = producers.get(value);
    if (!node && !tensors.has(value) && !ports.has(value)) throw new RangeError(`nothing gives "${value}"`);
    if (node && !nodes.has(node)) {
      if (begun.has(node)) throw new RangeError(`"${value}" depends on itself`);
      begun.add(node);
      for (const input of node.inputs) need(input);
      nodes.add(node);
    }
    used.add(value);
  };
  for (const { name } of added.outputs) need(name);
  const isUsed = ({ name }: { readonly name: string }) => used.has(name) && !producers.has(name);
  return {
    name: added.name,
    nodes: [...nodes].map((node) => withoutReplaced(node, producers)),
    initializers: [...tensors.values()].filter(isUsed),
    inputs: [...ports.values()].filter((one) => isUsed(one) || kept.includes(one.name)),
    outputs: added.outputs,
  };
}

/** A node with several outputs, some of which another node gives now. */
function withoutReplaced(
  node: OperatorNode | StoredNode,
  producers: ReadonlyMap<string, OperatorNode | StoredNode>,
): OperatorNode | StoredNode {
  if (!('bytes' in node) || node.outputs.every((output) => producers.get(output) === node)) return node;
  const outputs = node.outputs.map((output) => (producers.get(output) === node ? output : `${output}_replaced`));
  return withOutputs(node, outputs);
}
