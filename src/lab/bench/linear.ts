/** Compares the fused path (descents that a quadratic form decides, drawing only chosen candidates) with the step path. */
import type { Network } from '../../engine/network/network.ts';
import { runTogether } from '../../engine/search/run.ts';
import { reconstruction } from '../../engine/tasks/encode.ts';
import { descentBy, noise } from './steps.ts';
import { median, round } from './timing.ts';

const LINEAR_BATCHES = [1, 8] as const;

/** Figures by batch size. */
export interface LinearFigures {
  /** Time of the step path / time of the fused path. */
  readonly speedup: Readonly<Record<string, number>>;
  readonly ms_per_picture: Readonly<Record<string, number>>;
  /** Share of the time outside ONNX Runtime. */
  readonly outside_share: Readonly<Record<string, number>>;
  readonly runs: number;
}

const MIN_RUNS = 3;
const MAX_RUNS = 50;

/** Runs both paths alternately, so that the machine's load affects both; or the reason why it cannot be measured. */
export async function measureLinear(
  network: Network,
  seconds: number,
): Promise<LinearFigures | { readonly missing: string }> {
  if (!network.fused) return { missing: `the graphs of ${network.info.name} cannot be fused` };
  const figures = { speedup: {}, ms_per_picture: {}, outside_share: {} } as Record<string, Record<string, number>>;
  let runs = 0;
  for (const batch of LINEAR_BATCHES) {
    const found = await compared(network, batch, seconds / LINEAR_BATCHES.length);
    for (const [name, value] of Object.entries(found.figures)) (figures[name] as Record<string, number>)[batch] = value;
    runs += found.runs;
  }
  return { ...(figures as unknown as Omit<LinearFigures, 'runs'>), runs };
}

async function compared(network: Network, batch: number, seconds: number) {
  const picture = noise(network.finalSide, network.info.channels);
  const step: number[] = [];
  const fused: number[] = [];
  const outside: number[] = [];
  const once = async (isLinear: boolean) => {
    const guide = reconstruction(picture);
    const descents = Array.from({ length: batch }, (_, seed) =>
      descentBy(network, seed, isLinear ? guide : { score: guide.score }),
    );
    const started = performance.now();
    await runTogether(network, descents);
    const ms = performance.now() - started;
    const end = descents[0]?.drainEvents().at(-1);
    return { ms, network: end?.type === 'done' ? end.timings.network : 0 };
  };
  await once(true);
  await once(false);
  const until = performance.now() + 1000 * seconds;
  while (step.length < MIN_RUNS || (performance.now() < until && step.length < MAX_RUNS)) {
    step.push((await once(false)).ms);
    const run = await once(true);
    fused.push(run.ms);
    outside.push(Math.max(0, 1 - run.network / run.ms));
  }
  const ms = median(fused);
  return {
    figures: {
      speedup: round(median(step) / ms),
      ms_per_picture: round(ms / batch),
      outside_share: round(median(outside), 4),
    },
    runs: step.length,
  };
}
