/** Responses in the format of Automatic1111's web API. */
import type { JobCancelled, JobDone, ResultPicture } from '../../worker/messages.ts';
import { Base64 } from '../http/json-stream.ts';
import type { RawCall } from '../http/route.ts';
import type { JobUpdate } from '../jobs/event-log.ts';
import { sendPictures } from '../routes/responses.ts';
import { picturesOf, submit } from '../routes/submit.ts';
import { clientStateOf, type Running } from './client-state.ts';
import type { TranslatedRequest } from './requests.ts';
import type { Common } from './schemas.ts';

/** Runs a job, tracks it for `progress`, and responds with its pictures; an interrupted job has the best so far. */
export async function reply(call: RawCall, body: Common, translated: TranslatedRequest, label: string): Promise<void> {
  const { services, client, response } = call;
  const { jobs } = services;
  const job = await submit(call, { work: translated.work, label }, false);
  const state = clientStateOf(services);
  const running = state.begin(client.name, job);
  const subscriber = jobs.watch(job);
  const leave = () => subscriber.close();
  response.once('close', leave);
  try {
    for await (const entry of subscriber) if ('event' in entry) trackProgress(running, entry.event);
    if (response.closed) return;
    const event = picturesOf(await job.ended);
    const images = body.send_images ? event.results.map(({ bytes }) => new Base64(bytes)) : [];
    await sendPictures(call, { images, parameters: parametersOf(body), info: infoOf(body, translated, event) });
  } finally {
    response.off('close', leave);
    subscriber.close();
    state.end(client.name, running);
  }
}

function trackProgress(running: Running, event: JobUpdate): void {
  if (event.type === 'started') running.levels = event.levels.length;
  else if (event.type === 'level') running.level = event.level + 1;
  else if (event.type === 'preview') running.preview = event;
}

/** The request's parameters, without its pictures. */
function parametersOf(body: Common): Record<string, unknown> {
  const pictures = ['init_images', 'mask'].filter((name) => name in body);
  return { ...body, ...Object.fromEntries(pictures.map((name) => [name, null])) };
}

/** JSON in a string, as clients of this API expect. */
function infoOf(body: Common, { hash, ignored, notes }: TranslatedRequest, event: JobDone | JobCancelled): string {
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
      const parameters = Object.entries({ ...facts, 'Kandid code': codeString || JSON.stringify(code) });
      const negative = negative_prompt === '' ? [] : [`Negative prompt: ${negative_prompt}`];
      return [prompt, ...negative, parameters.map(([name, value]) => `${name}: ${value}`).join(', ')].join('\n');
    }),
    ignored,
    notes: [...sizeNotes(body, first), ...notes, ...event.notes],
  });
}

function sizeNotes(requested: Common, actual: ResultPicture | undefined): string[] {
  if (!actual || (actual.width === requested.width && actual.height === requested.height)) return [];
  return [`The size ${requested.width}x${requested.height} was asked for; it is ${actual.width}x${actual.height}.`];
}

/** Progress of the client's newest request. */
export function progressOf({ services, client }: RawCall, withImage: boolean) {
  const all = clientStateOf(services).running(client.name);
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

/** As `20261128030405`, the format of this API. */
function timestampOf(ms: number): string {
  return new Date(ms).toISOString().replace(/\D/g, '').slice(0, 14);
}
