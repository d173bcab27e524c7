/** What happens to a job, in the words of the stream. */
import { encodePictureFrame, type FrameHeader, type ServerMessage } from '../../contract/stream.ts';
import { type EndNews, isEnd, type News } from '../../worker/messages.ts';
import type { Gap, JobEvent, QueuedNews } from '../jobs/event-log.ts';

/** One message: text, or a binary frame. */
export type Told = ServerMessage | Uint8Array;

export interface About {
  readonly id: string;
  readonly job: string;
}

/**
 * What an event is told by, each message made when it is asked for: many pictures are never in memory twice at once.
 *
 * @param dropped previews that this viewer has missed so far
 */
export function* toldOf(event: JobEvent | Gap, about: About, dropped: number): Generator<Told, void, undefined> {
  if (!('news' in event)) {
    yield { type: 'gap', ...about, from: event.from, to: event.to };
    return;
  }
  const { news, seq, attempt } = event;
  if (news.type !== 'queued' && isEnd(news)) yield* endOf(news, about, seq, dropped);
  else yield onTheWay(news, { ...about, seq }, attempt);
}

type OnTheWay = QueuedNews | Exclude<News, EndNews>;

function onTheWay(news: OnTheWay, about: About & { seq: number }, attempt: number): Told {
  if (news.type === 'queued') return { ...about, ...news, attempt };
  if (news.type === 'started')
    return { ...about, ...news, attempt, levels: [...news.levels], guides: [...news.guides] };
  if (news.type === 'level') {
    const { choices, scores, guideScores } = news;
    return {
      ...{ ...about, ...news, choices: [...choices], scores: [...scores] },
      guideScores: guideScores.map((one) => [...one]),
    };
  }
  if (news.type === 'chosen') return { ...about, ...news, picks: [...news.picks] };
  if (news.type === 'preview') {
    const { bytes, kept: _, ...preview } = news;
    return frame({ ...about, ...preview, attempt }, bytes);
  }
  const { bytes, ...question } = news;
  return frame({ ...about, ...question, type: 'candidates' }, bytes);
}

/**
 * The pictures, then the end. They carry the number of the event before it: whoever loses the connection among them gets
 * all of them again.
 */
function* endOf(news: EndNews, about: About, seq: number, dropped: number): Generator<Told, void, undefined> {
  if (news.type === 'failed') {
    const { code, message, details } = news.error;
    yield { type: 'error', ...about, seq, code, message, details };
    return;
  }
  const { results, seed, guides, notes, timings, type } = news;
  for (const [image, { bytes, mime, width, height }] of results.entries())
    yield frame({ ...about, seq: seq - 1, type: 'image', image, final: type === 'done', mime, width, height }, bytes);
  const ending = { ...about, seq, seed, guides: [...guides], notes: [...notes], timings, dropped };
  if (type === 'done') {
    const images = results.map(({ code, codeString }) => ({ code: [...code], codeString }));
    yield { ...ending, type, images };
  } else yield { ...ending, type, level: news.level, images: results.map(({ code }) => ({ prefix: [...code] })) };
}

function frame(header: FrameHeader, bytes: Uint8Array): Uint8Array {
  return encodePictureFrame(header, bytes);
}
