/** Names and descriptions of this architecture's levels in a bundle. */
import type { CheckpointLevel, Start } from './checkpoint.ts';

/** RGB. */
export const CHANNELS = 3;

/** The facts about a level that the graphs need; the weights are in a separate file. */
export interface SlotsLevel extends Pick<CheckpointLevel, 'side' | 'candidates' | 'widthIn' | 'width' | 'isUp'> {
  readonly groups: readonly [number, number];
  readonly epsilon: readonly [number, number];
  readonly hasSkip: boolean;
  /** Whether the condition is added to the input features. */
  readonly takesCondition: boolean;
}

/**
 * Channel slots: predict is added to the first channels of the features, leak to the last, the condition to the middle.
 */
export interface SlotsNetwork {
  readonly levels: readonly SlotsLevel[];
  readonly start: Start;
  /** Channels of the condition; 0 if there is none. */
  readonly conditionChannels: number;
}

/** Name of a level's tensor in the weights file. */
export function tensorName(level: number, part: string): string {
  return `levels.${level}.${part}`;
}

export function levelFile(level: number): string {
  return `level-${String(level).padStart(2, '0')}.onnx`;
}

/** @param conditionChannels 0 without a condition */
export function slotsNetwork(
  levels: readonly CheckpointLevel[],
  start: Start,
  conditionChannels: number,
): SlotsNetwork {
  // At level 0, then at the first block with input features of a new side: the second of each side.
  let injected: number | null = null;
  const described = levels.map(({ norms, skip, side, candidates, width, widthIn, isUp }): SlotsLevel => {
    const sideIn = isUp ? side / 2 : side;
    const takesCondition = conditionChannels > 0 && sideIn !== injected;
    if (takesCondition) injected = sideIn;
    return {
      side,
      candidates,
      width,
      widthIn,
      isUp,
      takesCondition,
      groups: [norms[0].groups, norms[1].groups],
      epsilon: [norms[0].epsilon, norms[1].epsilon],
      hasSkip: skip !== null,
    };
  });
  return { levels: described, start, conditionChannels };
}
