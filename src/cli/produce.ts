/** Generates pictures and writes them: shared by all commands that output pictures. */
import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import type { GenerateRequest } from '../contract/requests.ts';
import type { LevelEvent } from '../engine/search/events.ts';
import type { TaskPicture } from '../engine/tasks/task.ts';
import { KandidError } from '../errors.ts';
import type { Picture } from '../guide.ts';
import type { Kandid } from '../index.ts';
import { enlarged } from '../pictures/mosaic.ts';
import { animationFormat, encodeAnimation } from './animation.ts';
import { destinationFor } from './destination.ts';
import { prepareFolder, readInput, withFiles, writeOutput } from './files.ts';
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
import { type CommandOutcome, performTask } from './task.ts';

export interface ProduceFlags extends EngineFlags, SamplerFlags, OutputFlags {
  readonly clip?: string;
}

export function addProduceOptions(command: Command): Command {
  command.option('--clip <name>', 'CLIP that reads the prompt (default: one that fits the model)');
  return addEngineOptions(addOutputOptions(addSamplerOptions(command)));
}

type RequestParts = Pick<GenerateRequest, 'guides' | 'prefix' | 'whole'>;

/**
 * Runs a request and writes its pictures; on Ctrl-C, the best ones so far.
 *
 * @param parts request fields that do not come from common flags; a function may open a model first
 */
export async function produce(
  flags: ProduceFlags,
  io: Io,
  parts: RequestParts | ((kandid: Kandid) => Promise<RequestParts>),
): Promise<void> {
  const seed = flags.seed ?? randomInt(2 ** 32);
  const destination = destinationFor(flags, flags.count ?? 1, `kandid-${seed}`);
  const animation = flags.animate === undefined ? null : animationFormat(flags.animate);
  await destination.prepare();
  if (flags.animate !== undefined) await prepareFolder(flags.animate);
  await withKandid(flags, io, async (kandid) => {
    const request = await requestOf(flags, seed, typeof parts === 'function' ? await parts(kandid) : parts, io);
    const frames: (readonly Picture[])[] = [];
    const done = await follow(kandid, request, io, (event) => {
      if (animation) frames.push(event.previews);
    });
    const pictures = done.outcome.pictures.map((one) => enlarged(one.draw(), flags.enlarge ?? 1));
    const files = pictures.length > 0 ? await destination.write(pictures, io, done.provenances) : [];
    if (animation && flags.animate !== undefined && frames.length > 0) {
      const { finalSide } = done.task.model.network;
      await writeOutput(flags.animate, await encodeAnimation(frames, finalSide, animation));
    }
    report(done, files, flags, io);
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

async function follow(
  kandid: Kandid,
  request: GenerateRequest,
  io: Io,
  onLevel: (event: LevelEvent) => void,
): Promise<CommandOutcome> {
  const progress = progressOn(io);
  try {
    return await performTask(kandid, { kind: 'generate', request }, io, (event) => {
      onLevel(event);
      progress.update(event.level + 1, event.levels, `${event.side}×${event.side} px`);
    });
  } finally {
    progress.stop();
  }
}

/** Largest number of codes printed beside a picture; `--json` prints all. */
const MAX_CODES = 3;

function codesOf({ code, codeString, windows = [] }: TaskPicture): string {
  if (!codeString) return `(first levels) [${code.join(',')}]`;
  if (windows.length <= 1) return codeString;
  const more = windows.length - MAX_CODES;
  const shown = windows.slice(0, MAX_CODES).map((window) => window.codeString);
  return `${shown.join(' ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Prints the results. @throws {KandidError} cancelled, if it was */
function report(
  { task: { model, seed }, outcome }: CommandOutcome,
  files: readonly (string | null)[],
  flags: ProduceFlags,
  io: Io,
): void {
  const { network, bundle } = model;
  const { pictures, guides, notes, timings } = outcome;
  if (flags.json) {
    const results = pictures.map(({ code, codeString, windows }, i) => ({
      file: files[i] ?? null,
      seed,
      ...(codeString ? { code, codeString } : { prefix: code }),
      ...(windows ? { windows } : {}),
    }));
    const state = outcome.type;
    const whole = { model: network.info.name, hash: bundle.hash, state, results, guides, notes, timings };
    io.out(JSON.stringify(whole, null, 2));
  } else {
    const shown = new Set<string>();
    for (const [i, picture] of pictures.entries()) {
      const file = files[i];
      const text = codesOf(picture);
      const line = file ? `${shown.has(file) ? ' '.repeat(file.length) : file}  ${text}` : text;
      if (file) shown.add(file);
      // If the picture goes to standard output, its code must not.
      if (file) io.out(line);
      else io.err(line);
    }
    if (flags.animate !== undefined && pictures.length > 0) io.out(flags.animate);
  }
  if (outcome.type === 'done') return;
  const levels = network.info.levels.length;
  const kept =
    outcome.level > 0 ? 'the pictures so far were written' : 'nothing was chosen yet, so nothing was written';
  throw new KandidError('cancelled', { when: `after level ${outcome.level} of ${levels}; ${kept}` });
}
