/** Runs the work of a tool as a job, and reports its progress. */
import type { CallToolResult, Progress } from '@modelcontextprotocol/sdk/types.js';
import { KandidError } from '../../errors.ts';
import type { JobCancelled, JobDone, JobPreview } from '../../worker/messages.ts';
import type { Client } from '../http/access.ts';
import type { Place } from '../http/places.ts';
import type { JobUpdate } from '../jobs/event-log.ts';
import type { Job } from '../jobs/job.ts';
import { addressOf, urlOf } from '../routes/permalinks.ts';
import { enqueue, picturesOf, type Submission } from '../routes/submit.ts';
import type { Services } from '../services.ts';

/** The caller of a tool, independent of the transport. */
export interface ToolCaller {
  readonly client: Client;
  /** The server's address as the caller sees it; null over stdio. */
  readonly place: Place | null;
  /** Aborted when the call is cancelled or the client is gone. */
  readonly signal: AbortSignal;
  /** Call when the call's arguments are stored elsewhere; repeated calls have no effect. */
  readonly releaseBody: () => void;
  /** Reads a file of the caller; null if the caller's files are not on this machine. */
  readonly readFile: ((path: string) => Promise<Uint8Array>) | null;
  /** Reports progress; null if the caller did not ask for it. */
  readonly report: ((progress: Progress, preview: JobPreview | null) => Promise<void>) | null;
  /** Whether progress should include previews. */
  readonly wantsPreviews: boolean;
}

export interface ToolUse {
  readonly services: Services;
  readonly caller: ToolCaller;
}

const PREVIEWS = { format: 'webp', quality: 80, images: 1, perSecond: 4 } as const;

/** Runs a job and returns its pictures as content. @throws {KandidError} the reason why the job is refused or fails */
export async function perform(use: ToolUse, submission: Submission): Promise<CallToolResult> {
  const { job, event } = await ended(use, withPreviews(use.caller, submission));
  return resultOf(use, job, event);
}

/**
 * Runs a job to its end. @throws {KandidError} the reason why the job is refused or fails; cancelled if the caller left
 */
export async function ended(
  { services, caller }: ToolUse,
  submission: Submission,
): Promise<{ readonly job: Job; readonly event: JobDone | JobCancelled }> {
  const { jobs } = services;
  const { signal } = caller;
  // Nobody can ask for the job again: it ends with its call.
  const job = await enqueue(services, caller.client, submission, { abandonSeconds: 0 });
  caller.releaseBody();
  const release = jobs.hold(job);
  const subscriber = jobs.watch(job);
  const leave = () => subscriber.close();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    const reporter = new ProgressReporter(caller);
    for await (const entry of subscriber) if ('event' in entry) await reporter.take(entry.event);
    if (signal.aborted) throw new KandidError('cancelled', { when: 'by its caller' });
    return { job, event: picturesOf(await job.ended) };
  } finally {
    signal.removeEventListener('abort', leave);
    subscriber.close();
    release();
  }
}

function withPreviews({ wantsPreviews }: ToolCaller, { work, label }: Submission): Submission {
  return wantsPreviews && work.kind === 'generate' ? { work: { ...work, previews: PREVIEWS }, label } : { work, label };
}

/** The protocol requires each notification to increase the progress. */
const STEP = 0.001;

/** Reports progress in levels chosen, of all levels. */
class ProgressReporter {
  readonly #caller: ToolCaller;
  #total = 0;
  #progress = -STEP;

  constructor(caller: ToolCaller) {
    this.#caller = caller;
  }

  async take(event: JobUpdate): Promise<void> {
    if (event.type === 'started') this.#total = event.levels.length;
    else if (event.type === 'queued')
      await this.#report(0, event.position === 0 ? 'next in turn' : `${event.position} go before`);
    else if (event.type === 'level') await this.#report(event.level + 1, `${event.side}×${event.side} pixels`);
    // The last preview is in the result.
    else if (event.type === 'preview' && this.#progress < this.#total) await this.#report(0, undefined, event);
  }

  /** After a lost process the levels start again, but reported progress must keep increasing. */
  async #report(level: number, message: string | undefined, preview: JobPreview | null = null): Promise<void> {
    const { report } = this.#caller;
    this.#progress = Math.max(level, this.#progress + STEP);
    const total = this.#total > 0 ? { total: this.#total } : {};
    await report?.({ progress: this.#progress, ...total, ...(message === undefined ? {} : { message }) }, preview);
  }
}

function resultOf({ services, caller }: ToolUse, job: Job, event: JobDone | JobCancelled): CallToolResult {
  const { place } = caller;
  const images = event.results.map((picture) => {
    const { codeString, code, width, height } = picture;
    const path = place ? addressOf(services, job, event, picture) : null;
    const url = path !== null && place ? { url: urlOf({ services, place }, path) } : {};
    return { code: codeString || JSON.stringify(code), width, height, ...url };
  });
  const { model, seed, notes, type: state } = event;
  const result = { state, model, seed, images, notes: [...notes] };
  const pictures = event.results.map(({ bytes, mime: mimeType }) => {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    return { type: 'image' as const, data, mimeType };
  });
  return { content: [...pictures, { type: 'text', text: JSON.stringify(result) }], structuredContent: result };
}
