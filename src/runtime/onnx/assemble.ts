/** Assembles a graph from the nodes of a stored graph and added nodes. */
import type { GraphParts, OperatorNode, StoredGraph, StoredNode } from './graph-parts.ts';
import { withOutputs } from './messages.ts';

/**
 * The graph of the added outputs, with all nodes of both graphs that they need. If an added node produces a value with
 * the name of a stored one, it replaces that: so a value can be replaced by another, or by an input, for all nodes that
 * use it.
 *
 * @param kept names of stored inputs that are kept even if nothing uses them
 * @throws {RangeError} if a value is missing, or depends on itself
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

/** Renames outputs of a node that another node produces now. */
function withoutReplaced(
  node: OperatorNode | StoredNode,
  producers: ReadonlyMap<string, OperatorNode | StoredNode>,
): OperatorNode | StoredNode {
  if (!('bytes' in node) || node.outputs.every((output) => producers.get(output) === node)) return node;
  const outputs = node.outputs.map((output) => (producers.get(output) === node ? output : `${output}_replaced`));
  return withOutputs(node, outputs);
}
