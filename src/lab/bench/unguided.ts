/** Time of an unguided picture: sampled from the prior, compared with uniform choices level by level. */
import type { Engine } from '../../engine/engine.ts';
import { eventsOf } from '../../engine/search/run.ts';
import { median, round } from './timing.ts';

export interface UnguidedFigures {
  /** Uniform choices, level by level. */
  readonly uniform_ms: number;
  /** Whole descents sampled from the prior in one run; null if the model has none. */
  readonly prior_ms: number | null;
  /** prior_ms / uniform_ms */
  readonly ratio: number | null;
  readonly runs: number;
}

const MIN_RUNS = 3;
const MAX_RUNS = 100;

/** Measures single pictures, alternately, so that the machine's load affects both. */
export async function measureUnguided(engine: Engine, model: string, seconds: number): Promise<UnguidedFigures> {
  const { network } = await engine.models.open(model);
  const draw = async (seed: number, prior: number): Promise<number> => {
    const { descent } = await engine.prepare({ model, seed, sampler: { prior } });
    const started = performance.now();
    for await (const _ of eventsOf(network, descent));
    return performance.now() - started;
  };
  const uniform: number[] = [];
  const byPrior: number[] = [];
  await draw(0, 0);
  await draw(0, 1);
  const end = performance.now() + 1000 * seconds;
  while (uniform.length < MIN_RUNS || (performance.now() < end && uniform.length < MAX_RUNS)) {
    uniform.push(await draw(uniform.length, 0));
    if (network.prior) byPrior.push(await draw(uniform.length, 1));
  }
  const [uniformMs, priorMs] = [median(uniform), median(byPrior)];
  return {
    uniform_ms: round(uniformMs),
    prior_ms: network.prior ? round(priorMs) : null,
    ratio: network.prior ? round(priorMs / uniformMs, 3) : null,
    runs: uniform.length,
  };
}
