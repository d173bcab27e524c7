/** Why a checkpoint is not imported: words to stand behind "FILE:". */
export class CheckpointProblem extends Error {
  override readonly name = 'CheckpointProblem';

  /** @param position offset in the file at which it was found, where there is one */
  constructor(problem: string, position?: number) {
    super(position === undefined ? problem : `at byte ${position}, ${problem}`);
  }
}
