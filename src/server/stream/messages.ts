/** Stream messages of the events of a job. */
import { encodePictureFrame, type FrameHeader, type ServerMessage } from '../../contract/stream.ts';
import { isEnd, type JobEnd, type JobEvent, type ResultPicture } from '../../worker/messages.ts';
import type { Gap, JobQueued, LogEntry } from '../jobs/event-log.ts';

/** One message: text, or a binary frame. */
export type StreamMessage = ServerMessage | Uint8Array;

export interface About {
  readonly id: string;
  readonly job: string;
}

/**
 * What an event is told by, each message made when it is asked for: many pictures are never in memory twice at once.
 *
 * @param dropped previews that this subscriber has missed so far
 */
export function* messagesOf(
  entry: LogEntry | Gap,
  about: About,
  dropped: number,
): Generator<StreamMessage, void, undefined> {
  if (!('event' in entry)) {
    yield { type: 'gap', ...about, from: entry.from, to: entry.to };
    return;
  }
  const { event, seq, attempt } = entry;
  if (event.type !== 'queued' && isEnd(event)) yield* endOf(event, about, seq, dropped);
  else yield onTheWay(event, { ...about, seq }, attempt);
}

type OnTheWay = JobQueued | Exclude<JobEvent, JobEnd>;

function onTheWay(event: OnTheWay, about: About & { seq: number }, attempt: number): StreamMessage {
  if (event.type === 'queued') return { ...about, ...event, attempt };
  if (event.type === 'started') return { ...about, ...event, attempt };
  if (event.type === 'level') return { ...about, ...event };
  if (event.type === 'chosen') return { ...about, ...event };
  if (event.type === 'preview') {
    const { bytes, kept: _, ...preview } = event;
    return frame({ ...about, ...preview, attempt }, bytes);
  }
  const { bytes, ...question } = event;
  return frame({ ...about, ...question, type: 'candidates' }, bytes);
}

/**
 * The pictures, then the end. They carry the number of the event before it: whoever loses the connection among them gets
 * all of them again.
 */
function* endOf(event: JobEnd, about: About, seq: number, dropped: number): Generator<StreamMessage, void, undefined> {
  if (event.type === 'failed') {
    const { code, message, details } = event.error;
    yield { type: 'error', ...about, seq, code, message, details };
    return;
  }
  const { results, seed, guides, notes, timings, type } = event;
  for (const { image, bytes, mime, width, height } of results)
    yield frame({ ...about, seq: seq - 1, type: 'image', image, final: type === 'done', mime, width, height }, bytes);
  const ending = { ...about, seq, seed, guides, notes, timings, dropped };
  if (type === 'done') {
    const images = [...results]
      .sort((a, b) => a.image - b.image)
      .map(({ code, codeString, windows }) => ({ code, codeString, ...windowsOf(windows) }));
    yield { ...ending, type, images, ranking: results.map(({ image }) => image) };
  } else {
    const images = results.map(({ code, windows }) => ({ prefix: code, ...windowsOf(windows) }));
    yield { ...ending, type, level: event.level, images };
  }
}

function windowsOf(windows: ResultPicture['windows']) {
  return windows ? { windows: windows.map((one) => ({ ...one, codeString: one.codeString || null })) } : {};
}

function frame(header: FrameHeader, bytes: Uint8Array): Uint8Array {
  return encodePictureFrame(header, bytes);
}
