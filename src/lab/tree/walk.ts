/** All pictures down to a level: every candidate of every candidate. */
import { setImmediate as breathe } from 'node:timers/promises';
import { throwIfCancelled } from '../../engine/guides/runner.ts';
import { type Network, START, type State } from '../../engine/network/network.ts';
import type { Picture } from '../../guide.ts';

export interface TreeNode {
  /** The choices from the root. */
  readonly code: readonly number[];
  /** The candidate, at its level's side. */
  readonly picture: Picture;
}

export interface WalkOptions {
  /** [channels, S, S] for a conditional model. */
  readonly condition?: Float32Array | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Pictures of the first `depth` levels, parents before their children, in a fixed order. One run of a level's graph draws
 * all children of its rows; the memory needed grows with the depth, not with the number of pictures.
 *
 * @throws {KandidError} cancelled
 */
export async function* walkTree(
  network: Network,
  depth: number,
  { condition = null, signal }: WalkOptions = {},
): AsyncGenerator<TreeNode, void, undefined> {
  const below = async function* (states: readonly State[], level: number): AsyncGenerator<TreeNode, void, undefined> {
    const most = network.rowsAt(level);
    for (let from = 0; from < states.length; from += most) {
      if (signal) throwIfCancelled(signal);
      const parents = states.slice(from, from + most);
      const children = await childrenOf(network, level, parents, condition);
      for (const { code, predict } of children) yield { code, picture: pictureOf(network, level, predict) };
      await breathe();
      if (level + 1 < depth) yield* below(children, level + 1);
    }
  };
  yield* below([START], 0);
}

async function childrenOf(
  network: Network,
  level: number,
  parents: readonly State[],
  condition: Float32Array | null,
): Promise<State[]> {
  const { features, candidates } = await network.runLevel(
    level,
    parents.map((state) => ({ state, condition })),
  );
  const count = network.candidateCounts[level] as number;
  const size = candidates.data.length / (parents.length * count);
  return parents.flatMap(({ code }, row) =>
    Array.from({ length: count }, (_, choice): State => {
      const at = (row * count + choice) * size;
      const predict = candidates.data.subarray(at, at + size);
      return { code: [...code, choice], from: { features, row }, predict, logPrior: 0 };
    }),
  );
}

function pictureOf({ info }: Network, level: number, data: Float32Array): Picture {
  const side = info.levels[level]?.side ?? 0;
  return { data, channels: info.channels, width: side, height: side };
}
