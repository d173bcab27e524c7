/** Paces: how many levels the person chooses. */

export interface Pace {
  readonly name: string;
  readonly questionsPerSide: number;
  /** Last side at which the person is asked; null: all. */
  readonly toSide: number | null;
}

const ALL = 64;

export const PACES: readonly Pace[] = [
  { name: 'A few', questionsPerSide: 1, toSide: null },
  { name: 'Some', questionsPerSide: 3, toSide: 32 },
  { name: 'All', questionsPerSide: ALL, toSide: null },
];

/** The number of questions of a pace. */
export function questionsOf({ questionsPerSide, toSide }: Pace, levels: readonly { readonly side: number }[]): number {
  const sides = new Map<number, number>();
  for (const { side } of levels) if (toSide === null || side <= toSide) sides.set(side, (sides.get(side) ?? 0) + 1);
  return [...sides.values()].reduce((sum, count) => sum + Math.min(count, questionsPerSide), 0);
}
