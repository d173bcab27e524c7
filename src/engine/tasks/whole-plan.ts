/** How a whole picture is worked on: what a guide's plan says, and what it is made from. */
import type { CheckedRequest } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import type { PlaneSize } from '../../kit/resample.ts';
import type { Layout, Window } from '../../pictures/windows.ts';

export interface WholePlan {
  /** The picture that was given, in pixels. */
  readonly given: PlaneSize;
  /** Its squares. */
  readonly squares: readonly Window[];
  /** How many times as large the finished picture is. */
  readonly scale: number;
  /** What the guide is given of a square; null where it has nothing to say. */
  paramsOf(square: Window): Promise<Readonly<Record<string, unknown>> | null>;
  /** The squares' pictures as one, at the size of the layout. */
  compose(layout: Layout, pictures: readonly Picture[]): Picture;
  /**
   * What of a finished picture the model has made; all where absent.
   *
   * @throws {KandidError} where it cannot make any of it
   */
  judge?(pictures: readonly Picture[]): Judgement;
  readonly notes: readonly string[];
}

export interface Judgement {
  /** Of each square: the others are not the picture of their code. */
  readonly isMade: readonly boolean[];
  readonly notes: readonly string[];
}

export interface WholeContext {
  /** Of the model's pictures, in pixels. */
  readonly side: number;
  readonly options: NonNullable<CheckedRequest['whole']>;
  /** A picture at its own size, with alpha. */
  decode(bytes: Uint8Array, name: string): Promise<Picture>;
}

/** What of a request cannot be. */
export function refused(problem: string, field = 'whole'): KandidError {
  return new KandidError('params_invalid', { subject: 'The request', field, problem });
}

/** Whether two pictures have the same shape, to a pixel of the smaller one. */
export function isAlike(one: PlaneSize, other: PlaneSize): boolean {
  const scale = Math.max(one.width, one.height) / Math.max(other.width, other.height);
  const off = Math.max(Math.abs(one.width - other.width * scale), Math.abs(one.height - other.height * scale));
  return off <= Math.max(1, scale);
}
