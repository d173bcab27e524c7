/** Work of a tool: a job as any other, its progress told while it runs. */
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

/** Who calls a tool, by whatever transport. */
export interface ToolCaller {
  readonly client: Client;
  /** Where they see the server; null where they do not. */
  readonly place: Place | null;
  /** Aborted when the call is cancelled, or nobody is there any more to hear the answer. */
  readonly signal: AbortSignal;
  /** Says that what came with the call is in safe hands; more than once does no harm. */
  readonly releaseBody: () => void;
  /** Reads files of theirs; null: they are elsewhere. */
  readonly readFile: ((path: string) => Promise<Uint8Array>) | null;
  /** Tells how far it is; null: they do not want to know. */
  readonly tell: ((progress: Progress, preview: JobPreview | null) => Promise<void>) | null;
  /** Whether they show pictures on the way. */
  readonly wantsPreviews: boolean;
}

export interface ToolUse {
  readonly services: Services;
  readonly caller: ToolCaller;
}

const PREVIEWS = { format: 'webp', quality: 80, images: 1, perSecond: 4 } as const;

/** The pictures of a job, as content. @throws {KandidError} what the job is refused for, or fails with */
export async function perform(use: ToolUse, submission: Submission): Promise<CallToolResult> {
  const { job, event } = await ended(use, withPreviews(use.caller, submission));
  return resultOf(use, job, event);
}

/** @throws {KandidError} what the job is refused for, or fails with; cancelled: the caller has left */
export async function ended(
  { services, caller }: ToolUse,
  submission: Submission,
): Promise<{ readonly job: Job; readonly event: JobDone | JobCancelled }> {
  const { jobs } = services;
  const { signal } = caller;
  // Nobody asks for it again: it ends with its call.
  const job = await enqueue(services, caller.client, submission, { abandonSeconds: 0 });
  caller.releaseBody();
  const release = jobs.hold(job);
  const subscriber = jobs.watch(job);
  const leave = () => subscriber.close();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    const teller = new Teller(caller);
    for await (const entry of subscriber) if ('event' in entry) await teller.take(entry.event);
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

/** So that each notification says more than the one before, as the protocol wants it. */
const STEP = 0.001;

/** Progress as levels that are chosen, of all there are. */
class Teller {
  readonly #caller: ToolCaller;
  #total = 0;
  #told = -STEP;

  constructor(caller: ToolCaller) {
    this.#caller = caller;
  }

  async take(event: JobUpdate): Promise<void> {
    if (event.type === 'started') this.#total = event.levels.length;
    else if (event.type === 'queued')
      await this.#tell(0, event.position === 0 ? 'next in turn' : `${event.position} go before`);
    else if (event.type === 'level') await this.#tell(event.level + 1, `${event.side}×${event.side} pixels`);
    // The last is in the answer.
    else if (event.type === 'preview' && this.#told < this.#total) await this.#tell(0, undefined, event);
  }

  /** After a lost process levels begin again, and what is told only rises. */
  async #tell(level: number, message: string | undefined, preview: JobPreview | null = null): Promise<void> {
    const { tell } = this.#caller;
    this.#told = Math.max(level, this.#told + STEP);
    const total = this.#total > 0 ? { total: this.#total } : {};
    await tell?.({ progress: this.#told, ...total, ...(message === undefined ? {} : { message }) }, preview);
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
  const told = { state, model, seed, images, notes: [...notes] };
  const shown = event.results.map(({ bytes, mime: mimeType }) => {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    return { type: 'image' as const, data, mimeType };
  });
  return { content: [...shown, { type: 'text', text: JSON.stringify(told) }], structuredContent: told };
}
