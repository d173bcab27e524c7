/** Why a checkpoint is refused: a phrase to follow "FILE:". */
export class CheckpointProblem extends Error {
  override readonly name = 'CheckpointProblem';

  /** @param position offset in the file at which the problem was found, if known */
  constructor(problem: string, position?: number) {
    super(position === undefined ? problem : `at byte ${position}, ${problem}`);
  }
}
