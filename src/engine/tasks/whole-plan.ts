/** How a whole picture is processed: the plan of a guide, and its context. */
import type { CheckedRequest } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import type { PlaneSize } from '../../kit/resample.ts';
import type { Layout, Window } from '../../pictures/windows.ts';

export interface WholePlan {
  /** Size of the given picture, in pixels. */
  readonly given: PlaneSize;
  /** The squares that the model processes. */
  readonly squares: readonly Window[];
  /** Size of the finished picture relative to the given one. */
  readonly scale: number;
  /** The guide's parameters for a square; null if it has no input there. */
  paramsOf(square: Window): Promise<Readonly<Record<string, unknown>> | null>;
  /** Combines the squares' pictures at the size of the layout. */
  compose(layout: Layout, pictures: readonly Picture[]): Picture;
  /**
   * Determines which squares of a finished picture the model could draw. @default all
   *
   * @throws {KandidError} if it cannot draw any of them
   */
  judge?(pictures: readonly Picture[]): Judgement;
  readonly notes: readonly string[];
}

export interface Judgement {
  /** One per square: false if its picture is not that of its code. */
  readonly isMade: readonly boolean[];
  readonly notes: readonly string[];
}

export interface WholeContext {
  /** Side of the model's pictures, in pixels. */
  readonly side: number;
  readonly options: NonNullable<CheckedRequest['whole']>;
  /** Decodes a picture at its own size, with alpha. */
  decode(bytes: Uint8Array, name: string): Promise<Picture>;
}

/** The error for an invalid field of a request. */
export function refused(problem: string, field = 'whole'): KandidError {
  return new KandidError('params_invalid', { subject: 'The request', field, problem });
}

/** Whether two pictures have the same aspect ratio, to a pixel of the smaller one. */
export function isAlike(one: PlaneSize, other: PlaneSize): boolean {
  const scale = Math.max(one.width, one.height) / Math.max(other.width, other.height);
  const off = Math.max(Math.abs(one.width - other.width * scale), Math.abs(one.height - other.height * scale));
  return off <= Math.max(1, scale);
}
