/** `kandid encode photo.png` */
import type { Command } from 'commander';
import type { BeamSchedule } from '../../contract/beams.ts';
import { type Code, codeToString } from '../../contract/codes.ts';
import { fitPicture, type PictureTarget } from '../../engine/input/pictures.ts';
import type { OpenModel } from '../../engine/models.ts';
import { compactCode, expandCode, shortestCode } from '../../engine/tasks/compact.ts';
import { weightsFrom } from '../../engine/tasks/encode.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import type { Kandid } from '../../index.ts';
import { psnr } from '../../kit/quality.ts';
import { enlarged } from '../../pictures/mosaic.ts';
import type { Provenance } from '../../pictures/provenance.ts';
import { destinationFor } from '../destination.ts';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { addEngineOptions, type EngineFlags, type OutputFlags, withKandid } from '../options.ts';
import { progressOn } from '../progress.ts';
import { performTask } from '../task.ts';
import { beams, decimal, whole } from '../values.ts';

interface Flags extends EngineFlags, OutputFlags {
  readonly beams?: BeamSchedule;
  readonly search?: boolean;
  readonly compact?: boolean;
  readonly psnr?: number;
  readonly weights?: string;
}

export function addEncode(program: Command, io: Io): void {
  const command = program
    .command('encode <picture...>')
    .summary('find the code of a picture')
    .description('Finds the code whose picture is nearest: a short text that "kandid decode" turns back into it.')
    .option('--beams <beams>', 'descents kept; more come closer: 16, or by side 4:16,8:8', beams)
    .option('--search', 'search even if a file of Kandid contains a code that still matches its pixels')
    .option(
      '--compact',
      'print a compact code: as few bytes as the prior of the model allows ("kandid decode" reads it)',
    )
    .option(
      '--psnr <dB>',
      'print a compact code of only as many levels as this PSNR needs; the others take the likeliest choices',
      decimal('--psnr', 0, 100),
    )
    .option('--weights <mask>', 'a picture of what matters: the code comes nearer where it is white, black is ignored')
    .option('-o, --out <path>', 'where to write the decoded picture (default: nowhere)')
    .option('--grid', 'all pictures as one')
    .option('--enlarge <n>', 'make every pixel n × n', whole('--enlarge', 1, 64))
    .option('--json', 'print the result as JSON');
  addEngineOptions(command).action((paths: string[], flags: Flags) => run(paths, flags, io));
}

async function run(paths: readonly string[], flags: Flags, io: Io): Promise<void> {
  const destination = flags.out === undefined ? null : destinationFor(flags, paths.length, 'kandid-encoded');
  await destination?.prepare();
  await withKandid(flags, io, async (kandid) => {
    const progress = progressOn(io);
    const encoded: Encoded[] = [];
    try {
      for (const [i, path] of paths.entries()) {
        encoded.push(await encode(path, kandid, flags, io));
        if (paths.length > 1) progress.update(i + 1, paths.length, path);
      }
    } finally {
      progress.stop();
    }
    const pictures = encoded.map(({ image }) => enlarged(image, flags.enlarge ?? 1));
    const provenances = encoded.map(({ provenance }) => provenance);
    const files = destination ? await destination.write(pictures, io, provenances) : pictures.map(() => null);
    printCodes(paths, encoded, files, flags, io);
  });
}

interface Encoded {
  readonly code: Code;
  /** The code string, or the compact code. */
  readonly text: string;
  readonly codeString: string;
  readonly psnr: number;
  readonly image: Picture;
  readonly provenance: Provenance;
}

async function encode(path: string, kandid: Kandid, flags: Flags, io: Io): Promise<Encoded> {
  const { model, beams, search } = flags;
  const input = await readInput(path, io);
  const weights = flags.weights === undefined ? undefined : await readInput(flags.weights, io);
  const { outcome, provenances } = await performTask(
    kandid,
    { kind: 'encode', picture: input, model, beams, search, weights },
    io,
  );
  const [picture] = outcome.pictures;
  const [provenance] = provenances;
  if (outcome.type === 'cancelled' || picture?.psnr === undefined || !provenance)
    throw new KandidError('cancelled', { when: 'on request' });
  const { code, codeString, psnr } = picture;
  const whole = { code, codeString, text: codeString, psnr, image: picture.draw(), provenance };
  if (flags.psnr === undefined)
    return flags.compact ? { ...whole, text: await kandid.compactCode(code, { model }) } : whole;
  return await shortened(
    whole,
    input,
    { decibels: flags.psnr, weights },
    await kandid.engine.models.openReproducible(model),
  );
}

/** Shortens a code to the levels that reach a PSNR of `decibels`, with the picture that it then draws. */
async function shortened(
  whole: Encoded,
  input: Uint8Array,
  { decibels, weights }: { readonly decibels: number; readonly weights: Uint8Array | undefined },
  model: OpenModel,
): Promise<Encoded> {
  const { network } = model;
  const size: PictureTarget = { channels: network.info.channels, side: network.finalSide, name: 'The picture' };
  const target = await fitPicture(input, size);
  const important = weights && (await weightsFrom(weights, size));
  const text = await compactCode(model, await shortestCode(model, whole.code, target, decibels, important));
  const code = await expandCode(model, text);
  const [image] = await network.decode([code]);
  const codeString = codeToString(code, network.candidateCounts);
  const provenance = { ...whole.provenance, code: codeString };
  return image ? { code, codeString, text, image, psnr: psnr(image, target, important), provenance } : whole;
}

function printCodes(
  paths: readonly string[],
  encoded: readonly Encoded[],
  files: readonly (string | null)[],
  flags: Flags,
  io: Io,
): void {
  const isCompact = flags.compact || flags.psnr !== undefined;
  if (flags.json) {
    const results = encoded.map(({ code, codeString, text, psnr }, i) => ({
      picture: paths[i],
      code,
      codeString,
      ...(isCompact ? { compact: text } : {}),
      psnr: Number.isFinite(psnr) ? psnr : null,
      file: files[i] ?? null,
    }));
    io.out(JSON.stringify({ results }, null, 2));
    return;
  }
  for (const [i, { text, psnr }] of encoded.entries()) {
    (flags.out === '-' ? io.err : io.out)(text);
    const by = flags.weights === undefined ? '' : ' by the weights';
    const short = flags.psnr === undefined ? '' : '; a shorter code, whose last levels take the likeliest choices';
    io.err(`${paths[i]}: ${psnr.toFixed(1)} dB${by}${short}${files[i] ? `, drawn again in ${files[i]}` : ''}`);
  }
}
