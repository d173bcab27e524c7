/** A job's record in Redis, without its work, events and result. */
import type { Cost } from '../jobs/cost.ts';
import type { JobSpec, JobState } from '../jobs/job.ts';
import type { WorkOutline } from '../jobs/outline.ts';

export interface JobRecord {
  readonly id: string;
  readonly spec: Omit<JobSpec, 'work'>;
  readonly outline: WorkOutline;
  readonly cost: Cost;
  readonly state: JobState;
  /** Its BullMQ queue. */
  readonly queue: string;
  readonly attempt: number;
  /** Milliseconds since 1970 by Redis' clock; null if not yet. */
  readonly created: number;
  readonly started: number | null;
  readonly finished: number | null;
  readonly position: number;
  /** The last counted event that is no longer kept; −1 if all are. */
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

/** Null if there is no such job. */
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
