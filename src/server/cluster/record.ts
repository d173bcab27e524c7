/** What Redis holds of a job, beside its work, events and result. */
import type { Cost } from '../jobs/cost.ts';
import type { JobSpec, JobState } from '../jobs/job.ts';
import type { WorkOutline } from '../jobs/outline.ts';

export interface JobRecord {
  readonly id: string;
  readonly spec: Omit<JobSpec, 'work'>;
  readonly outline: WorkOutline;
  readonly cost: Cost;
  readonly state: JobState;
  /** BullMQ's queue that it is in. */
  readonly queue: string;
  readonly attempt: number;
  /** Milliseconds since 1970, of Redis' clock; null before it. */
  readonly created: number;
  readonly started: number | null;
  readonly finished: number | null;
  readonly position: number;
  /** Events up to this one that count are no longer kept; −1: all are. */
  readonly forgotten: number;
}

export function fieldsOf(
  { client: _client, idempotencyKey: _key, ...spec }: Omit<JobSpec, 'work'>,
  outline: WorkOutline,
  cost: Cost,
): Record<string, string> {
  const { deadlineSeconds, abandonSeconds, keep = true } = spec;
  return {
    spec: JSON.stringify(spec),
    outline: JSON.stringify(outline),
    cost: JSON.stringify(cost),
    keep: keep ? '1' : '0',
    ...(spec.notify === undefined ? {} : { notify: '1' }),
    ...(deadlineSeconds === undefined ? {} : { deadlineSeconds: String(deadlineSeconds) }),
    ...(abandonSeconds === undefined ? {} : { abandonSeconds: String(abandonSeconds) }),
  };
}

/** null: there is no such job. */
export function recordOf(id: string, fields: Readonly<Record<string, string>>): JobRecord | null {
  const { spec, outline, cost, state, queue = '', client = '', created, started, finished } = fields;
  if (spec === undefined || outline === undefined || cost === undefined || state === undefined) return null;
  const at = (text: string | undefined) => (text === undefined ? null : Number(text));
  return {
    id,
    spec: { ...JSON.parse(spec), client } as JobRecord['spec'],
    outline: JSON.parse(outline) as WorkOutline,
    cost: JSON.parse(cost) as Cost,
    state: state as JobState,
    queue,
    attempt: Number(fields.attempt),
    created: Number(created),
    started: at(started),
    finished: at(finished),
    position: Number(fields.position),
    forgotten: Number(fields.forgotten ?? -1),
  };
}
