/** `kandid encode photo.png` */
import type { Command } from 'commander';
import type { BeamSchedule } from '../../contract/beams.ts';
import type { TaskPicture } from '../../engine/tasks/task.ts';
import { KandidError } from '../../errors.ts';
import { enlarged } from '../../pictures/mosaic.ts';
import type { Provenance } from '../../pictures/provenance.ts';
import { destinationFor } from '../destination.ts';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { addEngineOptions, type EngineFlags, type OutputFlags, withKandid } from '../options.ts';
import { progressOn } from '../progress.ts';
import { performTask } from '../task.ts';
import { beams, whole } from '../values.ts';

interface Flags extends EngineFlags, OutputFlags {
  readonly beams?: BeamSchedule;
  readonly search?: boolean;
}

export function addEncode(program: Command, io: Io): void {
  const command = program
    .command('encode <picture...>')
    .summary('find the code of a picture')
    .description('Finds the code whose picture is nearest: a short text that "kandid decode" turns back into it.')
    .option('--beams <beams>', 'descents kept; more come closer: 16, or by side 4:16,8:8', beams)
    .option('--search', 'search even if a file of Kandid contains a code that still matches its pixels')
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
    const { model, beams, search } = flags;
    const encoded: (TaskPicture & { readonly psnr: number })[] = [];
    const provenances: Provenance[] = [];
    try {
      for (const [i, path] of paths.entries()) {
        const done = await performTask(
          kandid,
          { kind: 'encode', picture: await readInput(path, io), model, beams, search },
          io,
        );
        const [picture] = done.outcome.pictures;
        if (done.outcome.type === 'cancelled' || picture?.psnr === undefined)
          throw new KandidError('cancelled', { when: 'on request' });
        encoded.push({ ...picture, psnr: picture.psnr });
        provenances.push(...done.provenances);
        if (paths.length > 1) progress.update(i + 1, paths.length, path);
      }
    } finally {
      progress.stop();
    }
    const pictures = encoded.map((one) => enlarged(one.draw(), flags.enlarge ?? 1));
    const files = destination ? await destination.write(pictures, io, provenances) : pictures.map(() => null);
    if (flags.json) {
      const results = encoded.map(({ code, codeString, psnr }, i) => ({
        picture: paths[i],
        code,
        codeString,
        psnr: Number.isFinite(psnr) ? psnr : null,
        file: files[i] ?? null,
      }));
      io.out(JSON.stringify({ results }, null, 2));
      return;
    }
    for (const [i, { codeString, psnr }] of encoded.entries()) {
      (flags.out === '-' ? io.err : io.out)(codeString);
      io.err(`${paths[i]}: ${psnr.toFixed(1)} dB${files[i] ? `, drawn again in ${files[i]}` : ''}`);
    }
  });
}
