/** Stream messages of the events of a job. */
import { encodePictureFrame, type FrameHeader, type ServerMessage } from '../../contract/stream.ts';
import { isEnd, type JobEnd, type JobEvent } from '../../worker/messages.ts';
import type { Gap, JobQueued, LogEntry } from '../jobs/event-log.ts';

/** One message: text, or a binary frame. */
export type StreamMessage = ServerMessage | Uint8Array;

export interface About {
  readonly id: string;
  readonly job: string;
}

/** @param dropped previews that this subscriber has missed so far */
export function messagesOf(entry: LogEntry | Gap, about: About, dropped: number): StreamMessage[] {
  if (!('event' in entry)) return [{ type: 'gap', ...about, from: entry.from, to: entry.to }];
  const { event, seq, attempt } = entry;
  if (event.type !== 'queued' && isEnd(event)) return endOf(event, about, seq, dropped);
  return [onTheWay(event, { ...about, seq }, attempt)];
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
function endOf(event: JobEnd, about: About, seq: number, dropped: number): StreamMessage[] {
  if (event.type === 'failed') {
    const { code, message, details } = event.error;
    return [{ type: 'error', ...about, seq, code, message, details }];
  }
  const { results, seed, guides, notes, timings, type } = event;
  const frames = results.map(({ bytes, mime, width, height }, image) =>
    frame({ ...about, seq: seq - 1, type: 'image', image, final: type === 'done', mime, width, height }, bytes),
  );
  const ending = { ...about, seq, seed, guides, notes, timings, dropped };
  if (type === 'done') {
    const images = results.map(({ code, codeString }) => ({ code, codeString }));
    return [...frames, { ...ending, type, images }];
  }
  return [...frames, { ...ending, type, level: event.level, images: results.map(({ code }) => ({ prefix: code })) }];
}

function frame(header: FrameHeader, bytes: Uint8Array): Uint8Array {
  return encodePictureFrame(header, bytes);
}
