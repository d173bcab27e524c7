/** Notes and headers on what a request asked for and did not get. */
import { KandidError } from '../../errors.ts';
import type { Common } from './schemas.ts';

/** Fields that only concern OpenAI's own service. */
const UNSUPPORTED = ['user', 'safety_identifier', 'moderation', 'complexity', 'style'];
/** Bytes of the notes header: other headers need room too. */
const MAX_HEADER = 4096;

export interface ResponseNotes {
  readonly headers: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

export interface ActualOutput {
  readonly size: string;
  /** Whether a whole picture is edited, which keeps its shape. */
  readonly isWhole: boolean;
  readonly isAnimated: boolean;
  /** Whether requests that cannot be met exactly are refused. */
  readonly isStrict: boolean;
}

/** @throws {KandidError} params_invalid for something that cannot be produced, if `isStrict` */
export function responseNotesOf(body: Common, { size, isWhole, isAnimated, isStrict }: ActualOutput): ResponseNotes {
  const shape = isWhole ? 'an edit keeps the shape of its picture' : 'pictures here are square';
  const changes = [
    ...(body.background === 'transparent'
      ? [{ field: 'background', note: 'A transparent background was asked for; pictures here are opaque.' }]
      : []),
    ...(body.size !== 'auto' && body.size !== size
      ? [{ field: 'size', note: `The size ${body.size} was asked for; ${shape}: it is ${size}.` }]
      : []),
  ];
  const [first] = changes;
  if (isStrict && first) throw refused(first.field, size, shape);
  const ignored = ignoredIn(body, isAnimated);
  return {
    notes: changes.map(({ note }) => note),
    headers: {
      ...(ignored.length > 0 ? { 'x-kandid-ignored': ignored.join(', ') } : {}),
      ...(first ? { 'x-kandid-changed': changes.map(({ field }) => field).join(', ') } : {}),
    },
  };
}

function ignoredIn(body: Common, isAnimated: boolean): string[] {
  const { output_format: format, output_compression, partial_images, frame_count, frame_duration_ms, stream } = body;
  const isGiven = (value: unknown) => value !== undefined && value !== '';
  const meaningless = UNSUPPORTED.filter((name) => isGiven(body[name as keyof Common]));
  return [
    ...meaningless,
    ...(isGiven(output_compression) && (format === 'png' || format === 'gif') ? ['output_compression'] : []),
    ...(isGiven(partial_images) && !stream ? ['partial_images'] : []),
    ...(isGiven(frame_count) && !isAnimated ? ['frame_count'] : []),
    ...(isGiven(frame_duration_ms) && !isAnimated ? ['frame_duration_ms'] : []),
  ];
}

function refused(field: string, size: string, shape: string): KandidError {
  const problem =
    field === 'background'
      ? 'pictures here are opaque; expected auto or opaque'
      : `${shape}; expected auto, or ${size}, which is nearest`;
  const openai = field === 'size' ? 'invalid_size' : 'invalid_value';
  return new KandidError('params_invalid', { subject: 'The body', field, problem, openai });
}

/** Notes as a JSON list in ASCII, as many as fit. */
export function notesHeader(notes: readonly string[]): Record<string, string> {
  const text = (some: readonly string[]) =>
    JSON.stringify(some).replace(
      /[^\x20-\x7e]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  let count = notes.length;
  while (count > 0 && text(notes.slice(0, count)).length > MAX_HEADER) count -= 1;
  return count === 0 ? {} : { 'x-kandid-notes': text(notes.slice(0, count)) };
}
