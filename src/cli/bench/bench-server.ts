/** `kandid bench --server`: measures the server, and compares the figures with their targets. */

import { modelFolders } from '../../config.ts';
import { KandidError } from '../../errors.ts';
import { type BenchContext, FULL, type Part, QUICK } from '../../lab/bench/server/context.ts';
import { barText, type Figure } from '../../lab/bench/server/figure.ts';
import { closeConnections } from '../../lab/bench/server/http-client.ts';
import { PARTS } from '../../lab/bench/server/suite.ts';
import type { Io } from '../io.ts';
import { type EngineFlags, settingsOf } from '../options.ts';
import { progressOn } from '../progress.ts';
import { tableLines } from '../table.ts';

export const PART_NAMES: readonly string[] = PARTS.map(({ name }) => name);

/** @param model name of a model @throws {KandidError} cancelled, internal (the server did not start) */
export async function measureServer(
  model: string,
  { only, quick, ...flags }: EngineFlags & { only?: string[]; quick?: boolean },
  io: Io,
): Promise<Figure[]> {
  const settings = settingsOf(flags, io);
  const { threads } = settings;
  const context: BenchContext = {
    server: { models: modelFolders(settings), model, device: settings.device, threads },
    amounts: quick ? QUICK : FULL,
    signal: io.signal,
  };
  const parts = only ? PARTS.filter(({ name }) => only.includes(name)) : PARTS;
  const progress = progressOn(io);
  const figures: Figure[] = [];
  try {
    for (const [i, part] of parts.entries()) {
      progress.update(i, parts.length, part.description);
      figures.push(...(await measurePart(part, context)));
    }
  } finally {
    progress.stop();
    closeConnections();
  }
  return figures;
}

async function measurePart(part: Part, context: BenchContext): Promise<Figure[]> {
  const figures = await part.run(context);
  if (context.signal.aborted) throw new KandidError('cancelled', { when: `while ${part.name} was measured` });
  return figures;
}

export function figureLines(figures: readonly Figure[]): string[] {
  const rows = figures.map((one) => {
    const { name, value, unit, met, note } = one;
    return [name, `${value}${unit && ` ${unit}`}`, barText(one), met === null ? '' : met ? 'yes' : 'NO', note ?? ''];
  });
  return tableLines(['figure', 'value', 'bar', 'met', ''], rows);
}
