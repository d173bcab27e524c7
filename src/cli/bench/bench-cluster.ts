/** `kandid bench --cluster`: measures gateways and workers, and compares the figures with their targets. */
import { modelFolders } from '../../config.ts';
import { KandidError } from '../../errors.ts';
import { type ClusterFigures, FULL, QUICK } from '../../lab/bench/cluster/context.ts';
import { CLUSTER_PARTS } from '../../lab/bench/cluster/suite.ts';
import type { Figure } from '../../lab/bench/server/figure.ts';
import { closeConnections } from '../../lab/bench/server/http-client.ts';
import type { Io } from '../io.ts';
import { type EngineFlags, settingsOf } from '../options.ts';
import { progressOn } from '../progress.ts';

export const CLUSTER_PART_NAMES: readonly string[] = CLUSTER_PARTS.map(({ name }) => name);

/**
 * @param model name of a model @throws {KandidError} cancelled, internal (something did not start: redis-server is
 * needed)
 */
export async function measureCluster(
  model: string,
  { only, quick, ...flags }: EngineFlags & { only?: string[]; quick?: boolean },
  io: Io,
): Promise<ClusterFigures> {
  const settings = settingsOf(flags, io);
  const { device, threads } = settings;
  const context = {
    base: { models: modelFolders(settings), model, device, threads },
    amounts: quick ? QUICK : FULL,
    signal: io.signal,
  };
  const parts = CLUSTER_PARTS.filter(({ name }) => only?.includes(name) ?? true);
  const progress = progressOn(io);
  const figures: ClusterFigures = new Map();
  try {
    for (const [i, part] of parts.entries()) {
      progress.update(i, parts.length, part.description);
      for (const [path, one] of await part.run(context)) figures.set(path, one);
      if (io.signal.aborted) throw new KandidError('cancelled', { when: `while ${part.name} was measured` });
    }
  } finally {
    progress.stop();
    closeConnections();
  }
  return figures;
}

/** Values under their paths (`resume.missing`), and the complete figures under `figures`. */
export function clusterJson(figures: ClusterFigures): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [path, { value }] of figures) {
    const names = path.split('.');
    const last = names.pop() as string;
    let inner = values;
    for (const name of names) {
      inner[name] ??= {};
      inner = inner[name] as Record<string, unknown>;
    }
    inner[last] = value;
  }
  const all: readonly Figure[] = [...figures.values()];
  return { ...values, figures: all };
}
