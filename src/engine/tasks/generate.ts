/** Generation: the pictures of a request. */
import type { GenerateRequest } from '../../contract/requests.ts';
import type { PlaneSize } from '../../kit/resample.ts';
import type { OpenModel } from '../models.ts';
import { recordedParams } from './provenance.ts';
import {
  type DescentTask,
  type GenerateTask,
  outcomeOf,
  type TaskEngine,
  type TaskOptions,
  type Walk,
  walkOf,
} from './task.ts';
import { prepareWhole } from './whole.ts';

/** @throws {KandidError} params_invalid, model_*, guide_*, picture_*, condition_*, code_invalid, cancelled */
export async function prepareGeneration(
  engine: TaskEngine,
  { request }: GenerateTask,
  options: TaskOptions = {},
): Promise<DescentTask> {
  const { model, walk, size } = await prepareWalk(engine, request, options);
  const { seed, count } = walk.descents[0]?.plan ?? { seed: 0, count: 0 };
  return {
    kind: 'generate',
    run: 'descent',
    model,
    seed,
    count,
    guides: (request.guides ?? []).map(({ name, weight = 1, params = {} }) => ({
      name,
      weight,
      recorded: recordedParams(engine.guides.get(name), params),
    })),
    ...walk,
    outcomeOf: (end) => outcomeOf(end, size),
  };
}

interface PreparedWalk {
  readonly model: OpenModel;
  readonly walk: Walk;
  /** Size of whole pictures. */
  readonly size?: PlaneSize;
}

async function prepareWalk(engine: TaskEngine, request: GenerateRequest, options: TaskOptions): Promise<PreparedWalk> {
  const { whole, ...square } = request;
  if (whole) {
    const prepared = await prepareWhole(engine, { ...square, whole }, options);
    if (prepared) return prepared;
  }
  const { descent, ...model } = await engine.prepare(square, options);
  return { model, walk: walkOf(descent) };
}
