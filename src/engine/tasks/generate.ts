/** Generation: the pictures of a request. */
import { recordedParams } from './provenance.ts';
import { type DescentTask, type GenerateTask, outcomeOf, type TaskEngine, type TaskOptions } from './task.ts';

/** @throws {KandidError} params_invalid, model_*, guide_*, picture_*, condition_*, code_invalid, cancelled */
export async function prepareGeneration(
  engine: TaskEngine,
  { request }: GenerateTask,
  options: TaskOptions = {},
): Promise<DescentTask> {
  const { descent, ...model } = await engine.prepare(request, options);
  const { seed, count, guides, weights } = descent.plan;
  const given = request.guides ?? [];
  return {
    kind: 'generate',
    run: 'descent',
    model,
    seed,
    count,
    guides: guides.map(({ name }, i) => ({
      name,
      weight: weights[i] as number,
      recorded: recordedParams(engine.guides.get(name), given[i]?.params ?? {}),
    })),
    descent,
    outcomeOf,
  };
}
