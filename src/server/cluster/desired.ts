/**
 * The desired state of a job: complete, and kept as long as the job is open, so that a worker that starts late or again
 * can read it.
 */

export interface Desired {
  /** `drop`: the pictures are not wanted. */
  readonly cancelled: 'cancel' | 'drop' | null;
  readonly weights: readonly number[] | null;
  /** Answers to questions, each with the attempt that asked. */
  readonly answers: readonly Answer[];
  /** The latest preview level taken by a subscriber; null if none. */
  readonly taken: { readonly attempt: number; readonly level: number } | null;
}

export interface Answer {
  readonly attempt: number;
  readonly question: number;
  readonly picks: readonly number[];
}

/** A change of the desired state. */
export type DesiredChange =
  | { readonly cancelled: 'cancel' | 'drop' }
  | { readonly weights: readonly number[] }
  | { readonly answer: Answer }
  | { readonly taken: NonNullable<Desired['taken']> };

/** As hash fields: names and values alternating. */
export function changeFields(change: DesiredChange): string[] {
  if ('cancelled' in change) return ['cancelled', change.cancelled];
  if ('weights' in change) return ['weights', JSON.stringify(change.weights)];
  if ('taken' in change) return ['taken', JSON.stringify(change.taken)];
  const { attempt, question } = change.answer;
  return [`answer ${attempt} ${question}`, JSON.stringify(change.answer)];
}

export function desiredOf(fields: Readonly<Record<string, string>>): Desired {
  const { cancelled, weights, taken } = fields;
  const answers = Object.entries(fields).filter(([name]) => name.startsWith('answer '));
  return {
    cancelled: cancelled === 'cancel' || cancelled === 'drop' ? cancelled : null,
    weights: weights === undefined ? null : (JSON.parse(weights) as number[]),
    taken: taken === undefined ? null : (JSON.parse(taken) as Desired['taken']),
    answers: answers.map(([, answer]) => JSON.parse(answer) as Answer),
  };
}
