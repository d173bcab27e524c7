/** Makes pictures and puts them where they belong: the shared part of all commands that end in pictures. */
import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import { packageVersion } from '../config.ts';
import type { GenerateRequest } from '../contract/requests.ts';
import type { Prepared } from '../engine/engine.ts';
import type { CancelledEvent, DoneEvent, LevelEvent } from '../engine/search/events.ts';
import { eventsOf } from '../engine/tasks/generate.ts';
import { KandidError } from '../errors.ts';
import type { Picture } from '../guide.ts';
import type { Kandid } from '../index.ts';
import { enlarged } from '../pictures/mosaic.ts';
import type { Provenance } from '../pictures/provenance.ts';
import { animationFormat, encodeAnimation } from './animation.ts';
import { destinationFor } from './destination.ts';
import { readInput, withFiles, writeOutput } from './files.ts';
import type { Io } from './io.ts';
import {
  addEngineOptions,
  addOutputOptions,
  addSamplerOptions,
  type EngineFlags,
  type OutputFlags,
  type SamplerFlags,
  samplerOf,
  withKandid,
} from './options.ts';
import { progressOn } from './progress.ts';

export type ProduceFlags = EngineFlags & SamplerFlags & OutputFlags;

export function addProduceOptions(command: Command): Command {
  return addEngineOptions(addOutputOptions(addSamplerOptions(command)));
}

type RequestParts = Pick<GenerateRequest, 'guides' | 'prefix'>;

type EndEvent = DoneEvent | CancelledEvent;

/**
 * Runs a request and writes its pictures; at Ctrl-C, the best ones so far.
 *
 * @param parts of the request beside what the flags say; may open a model first
 */
export async function produce(
  flags: ProduceFlags,
  io: Io,
  parts: RequestParts | ((kandid: Kandid) => Promise<RequestParts>),
): Promise<void> {
  const seed = flags.seed ?? randomInt(2 ** 32);
  const destination = destinationFor(flags, flags.count ?? 1, `kandid-${seed}`);
  const animation = flags.animate === undefined ? null : animationFormat(flags.animate);
  await withKandid(flags, io, async (kandid) => {
    const request = await requestOf(flags, seed, typeof parts === 'function' ? await parts(kandid) : parts, io);
    const prepared = await kandid.engine.prepare(request, { signal: io.signal });
    const frames: (readonly Picture[])[] = [];
    const end = await follow(prepared, io, (event) => {
      if (animation) frames.push(event.previews);
    });
    const pictures = end.results.map(({ image }) => enlarged(image, flags.enlarge ?? 1));
    const provenance = provenanceOf(end, prepared, request);
    const files = pictures.length > 0 ? await destination.write(pictures, io, provenance) : [];
    if (animation && flags.animate !== undefined && frames.length > 0)
      await writeOutput(flags.animate, await encodeAnimation(frames, prepared.network.finalSide, animation));
    report(end, prepared, files, flags, io);
  });
}

async function requestOf(flags: ProduceFlags, seed: number, parts: RequestParts, io: Io): Promise<GenerateRequest> {
  const guides: NonNullable<RequestParts['guides']> = [];
  for (const { name, weight, params } of flags.guide ?? [])
    guides.push({ name, weight, params: await withFiles(params, io) });
  return {
    ...parts,
    guides: [...(parts.guides ?? []), ...guides],
    ...(flags.model === undefined ? {} : { model: flags.model }),
    ...(flags.count === undefined ? {} : { count: flags.count }),
    ...(flags.blend === undefined ? {} : { blend: flags.blend }),
    ...(flags.condition === undefined ? {} : { condition: await readInput(flags.condition, io) }),
    sampler: samplerOf(flags),
    seed,
  };
}

/** How each picture was made, for its file: pictures among the params are left out. */
function provenanceOf(end: EndEvent, { network, bundle }: Prepared, request: GenerateRequest): Provenance[] {
  const guides = (request.guides ?? []).map(({ name, weight = 1, params = {} }) => ({
    name,
    weight,
    params: Object.fromEntries(Object.entries(params).filter(([, value]) => !(value instanceof Uint8Array))),
  }));
  const about = { kandid: packageVersion(), model: network.info.name, hash: bundle.hash, guides };
  return end.results.map((result) =>
    'codeString' in result
      ? { ...about, code: result.codeString, seed: result.seed }
      : { ...about, code: null, level: result.prefix.length, seed: result.seed },
  );
}

async function follow(prepared: Prepared, io: Io, onLevel: (event: LevelEvent) => void): Promise<EndEvent> {
  const progress = progressOn(io);
  try {
    for await (const event of eventsOf(prepared.network, prepared.descent)) {
      if (event.type !== 'level') return event;
      onLevel(event);
      progress.update(event.level + 1, event.levels, `${event.side}×${event.side} px`);
    }
  } finally {
    progress.stop();
  }
  throw new KandidError('internal', { reason: 'the descent ended without an end' });
}

function report(
  end: EndEvent,
  { network, bundle }: Prepared,
  files: readonly (string | null)[],
  flags: ProduceFlags,
  io: Io,
) {
  for (const note of end.notes) io.err(note);
  const stopped = end.type === 'cancelled';
  if (flags.json) {
    const results = end.results.map((result, i) => ({
      file: files[i] ?? null,
      seed: result.seed,
      ...('code' in result ? { code: result.code, codeString: result.codeString } : { prefix: result.prefix }),
    }));
    const { guides, notes, timings } = end;
    const whole = { model: network.info.name, hash: bundle.hash, state: end.type, results, guides, notes, timings };
    io.out(JSON.stringify(whole, null, 2));
  } else {
    const shown = new Set<string>();
    for (const [i, result] of end.results.entries()) {
      const file = files[i];
      const code = 'codeString' in result ? result.codeString : `(first levels) [${result.prefix.join(',')}]`;
      const line = file ? `${shown.has(file) ? ' '.repeat(file.length) : file}  ${code}` : code;
      if (file) shown.add(file);
      // Where the picture itself goes to standard output, its code may not.
      if (file) io.out(line);
      else io.err(line);
    }
    if (flags.animate !== undefined && end.results.length > 0) io.out(flags.animate);
  }
  if (!stopped) return;
  const levels = network.info.levels.length;
  const kept = end.level > 0 ? 'the pictures so far were written' : 'nothing was chosen yet, so nothing was written';
  throw new KandidError('cancelled', { when: `after level ${end.level} of ${levels}; ${kept}` });
}
