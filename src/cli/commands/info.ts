/** `kandid info picture.png` */
import type { Command } from 'commander';
import { readProvenance } from '../../pictures/provenance.ts';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';

export function addInfo(program: Command, io: Io): void {
  program
    .command('info <picture>')
    .summary('show how a picture was made')
    .description(
      'Prints model, code, seed and guides of a PNG, WebP or JPEG file (- for standard input) written by Kandid.',
    )
    .option('--json', 'print it as JSON')
    .action(async (path: string, { json }: { json?: boolean }) => {
      const provenance = readProvenance(await readInput(path, io), path === '-' ? 'Standard input' : path);
      if (json) return io.out(JSON.stringify(provenance, null, 2));
      io.out(`model  ${provenance.model} (${provenance.hash.slice(0, 8)})`);
      io.out(`code   ${provenance.code ?? `not whole: ${provenance.level} levels`}`);
      if (provenance.seed !== undefined) io.out(`seed   ${provenance.seed}`);
      for (const { name, weight, params } of provenance.guides ?? [])
        io.out(`guide  ${name} × ${weight}${params ? ` ${JSON.stringify(params)}` : ''}`);
    });
}
