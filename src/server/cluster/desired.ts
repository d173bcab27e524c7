/** What is wanted of a job: all of it, for as long as the job is open, so that a worker that begins late or again finds it. */

export interface Desired {
  /** `drop`: nobody wants its pictures. */
  readonly cancelled: 'cancel' | 'drop' | null;
  readonly weights: readonly number[] | null;
  /** Of the attempt that asked. */
  readonly answers: readonly Answer[];
  /** Somebody has taken the previews of this level; null: of none yet. */
  readonly taken: { readonly attempt: number; readonly level: number } | null;
}

export interface Answer {
  readonly attempt: number;
  readonly question: number;
  readonly picks: readonly number[];
}

/** A change of it. */
export type Want =
  | { readonly cancelled: 'cancel' | 'drop' }
  | { readonly weights: readonly number[] }
  | { readonly answer: Answer }
  | { readonly taken: NonNullable<Desired['taken']> };

/** As fields of a hash, name and value in turn. */
export function wantFields(want: Want): string[] {
  if ('cancelled' in want) return ['cancelled', want.cancelled];
  if ('weights' in want) return ['weights', JSON.stringify(want.weights)];
  if ('taken' in want) return ['taken', JSON.stringify(want.taken)];
  const { attempt, question } = want.answer;
  return [`answer ${attempt} ${question}`, JSON.stringify(want.answer)];
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
