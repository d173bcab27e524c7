/** Answers in the shape of Automatic1111's web API. */
import type { JobCancelled, JobDone, ResultPicture } from '../../worker/messages.ts';
import { Base64 } from '../http/json-stream.ts';
import type { RawCall } from '../http/route.ts';
import type { JobUpdate } from '../jobs/event-log.ts';
import { sendPictures } from '../routes/responses.ts';
import { picturesOf, submit } from '../routes/submit.ts';
import { deskOf, type Running } from './desk.ts';
import type { Asked } from './requests.ts';
import type { Common } from './schemas.ts';

/** Makes a job of it, keeps account of it for `progress`, and answers its pictures; an interrupted one has the best so far. */
export async function reply(call: RawCall, body: Common, asked: Asked, label: string): Promise<void> {
  const { services, client, response } = call;
  const { jobs } = services;
  const job = await submit(call, { work: asked.work, label }, false);
  const desk = deskOf(services);
  const running = desk.begin(client.name, job);
  const subscriber = jobs.watch(job);
  const leave = () => subscriber.close();
  response.once('close', leave);
  try {
    for await (const entry of subscriber) if ('event' in entry) keepAccount(running, entry.event);
    if (response.closed) return;
    const event = picturesOf(await job.ended);
    const images = body.send_images ? event.results.map(({ bytes }) => new Base64(bytes)) : [];
    await sendPictures(call, { images, parameters: parametersOf(body), info: infoOf(body, asked, event) });
  } finally {
    response.off('close', leave);
    subscriber.close();
    desk.end(client.name, running);
  }
}

function keepAccount(running: Running, event: JobUpdate): void {
  if (event.type === 'started') running.levels = event.levels.length;
  else if (event.type === 'level') running.level = event.level + 1;
  else if (event.type === 'preview') running.preview = event;
}

/** What was asked, said back without its pictures. */
function parametersOf(body: Common): Record<string, unknown> {
  const pictures = ['init_images', 'mask'].filter((name) => name in body);
  return { ...body, ...Object.fromEntries(pictures.map((name) => [name, null])) };
}

/** JSON in JSON, as their clients read it. */
function infoOf(body: Common, { hash, ignored, notes }: Asked, event: JobDone | JobCancelled): string {
  const { seed, model, results } = event;
  const { prompt, negative_prompt } = body;
  const [first] = results;
  const { width = body.width, height = body.height } = first ?? {};
  const each = <T>(of: T) => results.map(() => of);
  return JSON.stringify({
    prompt,
    all_prompts: each(prompt),
    negative_prompt,
    all_negative_prompts: each(negative_prompt),
    seed,
    all_seeds: each(seed),
    width,
    height,
    batch_size: results.length,
    steps: first?.code.length ?? 0,
    sd_model_name: model,
    sd_model_hash: hash.slice(0, 10),
    infotexts: results.map(({ code, codeString }) => {
      const facts = {
        Steps: code.length,
        Seed: seed,
        Size: `${width}x${height}`,
        Model: model,
        'Model hash': hash.slice(0, 10),
      };
      const told = Object.entries({ ...facts, 'Kandid code': codeString || JSON.stringify(code) });
      const negative = negative_prompt === '' ? [] : [`Negative prompt: ${negative_prompt}`];
      return [prompt, ...negative, told.map(([name, value]) => `${name}: ${value}`).join(', ')].join('\n');
    }),
    ignored,
    notes: [...sizeNotes(body, first), ...notes, ...event.notes],
  });
}

function sizeNotes(asked: Common, made: ResultPicture | undefined): string[] {
  if (!made || (made.width === asked.width && made.height === asked.height)) return [];
  return [`The size ${asked.width}x${asked.height} was asked for; it is ${made.width}x${made.height}.`];
}

/** How far the client's newest request is. */
export function progressOf({ services, client }: RawCall, withImage: boolean) {
  const all = deskOf(services).running(client.name);
  const newest = all.at(-1);
  const { level = 0, levels = 0, preview = null, interrupted = false, job } = newest ?? {};
  const started = job?.started ?? null;
  const seconds =
    started === null || level === 0 ? 0 : ((services.clock.date() - started) / 1000 / level) * (levels - level);
  return {
    progress: levels === 0 ? 0 : level / levels,
    eta_relative: seconds || (job ? (services.jobs.estimateSeconds(job) ?? 0) : 0),
    state: {
      skipped: false,
      interrupted,
      stopping_generation: interrupted,
      job: job?.id ?? '',
      job_count: all.length,
      job_timestamp: job ? timestampOf(job.created) : '0',
      job_no: 0,
      sampling_step: level,
      sampling_steps: levels,
    },
    current_image: withImage && preview ? new Base64(preview.bytes) : null,
    textinfo: null,
  };
}

/** 20261128030405, as they write it. */
function timestampOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14);
}
