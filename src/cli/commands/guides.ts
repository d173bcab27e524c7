/** `kandid guides` */
import type { Command } from 'commander';
import type { GuideSummary } from '../../engine/guides/registry.ts';
import { KandidError } from '../../errors.ts';
import { nameHint } from '../../kit/nearest-names.ts';
import type { Io } from '../io.ts';
import { addEngineOptions, type EngineFlags, withKandid } from '../options.ts';
import { tableLines } from '../table.ts';
import { jsonObject } from '../values.ts';
import { checkGuide } from './guide-check.ts';

interface Flags extends EngineFlags {
  readonly json?: boolean;
  readonly check?: string;
  readonly params?: Record<string, unknown>;
}

export function addGuides(program: Command, io: Io): void {
  const command = program
    .command('guides [name]')
    .summary('list the guides, or check your own')
    .description('Lists the guides; with a name, its params. With --check, runs the checks that every guide must pass.')
    .option('--check <file>', 'check the guide in this file')
    .option('--params <json>', 'params to check it with; "@FILE" is a file', (text) => jsonObject('--params', text))
    .option('--json', 'print it as JSON');
  addEngineOptions(command).action(async (name: string | undefined, flags: Flags) => {
    if (flags.check !== undefined) return await checkGuide(flags.check, flags.params ?? {}, flags, io);
    await withKandid(flags, io, async (kandid) => list(kandid.guides(), name, flags, io));
  });
}

function list(all: readonly GuideSummary[], name: string | undefined, { json }: Flags, io: Io): void {
  if (name === undefined) {
    if (json) {
      io.out(JSON.stringify(all, null, 2));
      return;
    }
    const rows = all.map((guide) => [guide.name, guide.description]);
    for (const line of tableLines(['guide', 'scores by'], rows)) io.out(line);
    return;
  }
  const found = all.find((guide) => guide.name === name);
  if (!found) {
    const names = all.map((guide) => guide.name);
    throw new KandidError('guide_unknown', { name, hint: nameHint(name, names) });
  }
  if (json) {
    io.out(JSON.stringify(found, null, 2));
    return;
  }
  io.out(`${found.name}: ${found.description}`);
  const { properties = {}, required = [] } = found.params as JsonSchema;
  for (const [field, schema] of Object.entries(properties)) {
    const standard = schema.default === undefined ? '' : ` (${JSON.stringify(schema.default)})`;
    io.out(`  ${field}${required.includes(field) ? ', needed' : ''}${standard}`);
    if (schema.description) io.out(`      ${schema.description}`);
  }
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, { readonly default?: unknown; readonly description?: string }>>;
  readonly required?: readonly string[];
}
