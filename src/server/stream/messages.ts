/** Converts the events of a job to stream messages. */
import { encodePictureFrame, type FrameHeader, type ServerMessage } from '../../contract/stream.ts';
import { isEnd, type JobEnd, type JobEvent, type ResultPicture } from '../../worker/messages.ts';
import type { Gap, JobQueued, LogEntry } from '../jobs/event-log.ts';

/** One message: JSON text, or a binary frame. */
export type StreamMessage = ServerMessage | Uint8Array;

export interface MessageIds {
  readonly id: string;
  readonly job: string;
}

/**
 * The messages of an event, each created on demand so that many pictures are not held twice at once.
 *
 * @param dropped previews that this subscriber has missed so far
 */
export function* messagesOf(
  entry: LogEntry | Gap,
  ids: MessageIds,
  dropped: number,
): Generator<StreamMessage, void, undefined> {
  if (!('event' in entry)) {
    yield { type: 'gap', ...ids, from: entry.from, to: entry.to };
    return;
  }
  const { event, seq, attempt } = entry;
  if (event.type !== 'queued' && isEnd(event)) yield* endOf(event, ids, seq, dropped);
  else yield progressMessage(event, { ...ids, seq }, attempt);
}

type ProgressEvent = JobQueued | Exclude<JobEvent, JobEnd>;

function progressMessage(event: ProgressEvent, ids: MessageIds & { seq: number }, attempt: number): StreamMessage {
  if (event.type === 'queued') return { ...ids, ...event, attempt };
  if (event.type === 'started') return { ...ids, ...event, attempt };
  if (event.type === 'level') return { ...ids, ...event };
  if (event.type === 'chosen') return { ...ids, ...event };
  if (event.type === 'preview') {
    const { bytes, kept: _, ...preview } = event;
    return frame({ ...ids, ...preview, attempt }, bytes);
  }
  const { bytes, ...question } = event;
  return frame({ ...ids, ...question, type: 'candidates' }, bytes);
}

/**
 * The pictures, then the end. Pictures carry the sequence number of the preceding event, so that a client that loses
 * the connection among them receives all of them again.
 */
function* endOf(
  event: JobEnd,
  ids: MessageIds,
  seq: number,
  dropped: number,
): Generator<StreamMessage, void, undefined> {
  if (event.type === 'failed') {
    const { code, message, details } = event.error;
    yield { type: 'error', ...ids, seq, code, message, details };
    return;
  }
  const { results, seed, guides, notes, timings, type } = event;
  for (const { image, bytes, mime, width, height } of results)
    yield frame({ ...ids, seq: seq - 1, type: 'image', image, final: type === 'done', mime, width, height }, bytes);
  const end = { ...ids, seq, seed, guides, notes, timings, dropped };
  if (type === 'done') {
    const images = [...results]
      .sort((a, b) => a.image - b.image)
      .map(({ code, codeString, windows }) => ({ code, codeString, ...windowsOf(windows) }));
    yield { ...end, type, images, ranking: results.map(({ image }) => image) };
  } else {
    const images = results.map(({ code, windows }) => ({ prefix: code, ...windowsOf(windows) }));
    yield { ...end, type, level: event.level, images };
  }
}

function windowsOf(windows: ResultPicture['windows']) {
  return windows ? { windows: windows.map((one) => ({ ...one, codeString: one.codeString || null })) } : {};
}

function frame(header: FrameHeader, bytes: Uint8Array): Uint8Array {
  return encodePictureFrame(header, bytes);
}
