/** `kandid models` */
import type { Command } from 'commander';
import type { ModelSummary, Models } from '../../engine/models.ts';
import type { Io } from '../io.ts';
import { addEngineOptions, type EngineFlags, withKandid } from '../options.ts';
import { pairLines, tableLines } from '../table.ts';

interface Flags extends EngineFlags {
  readonly json?: boolean;
}

export function addModels(program: Command, io: Io): void {
  const command = program
    .command('models [name]')
    .summary('list the models')
    .description('Lists the models that generate pictures; with a name, all facts about one.')
    .option('--json', 'print it as JSON');
  addEngineOptions(command).action((name: string | undefined, flags: Flags) =>
    withKandid(flags, io, async (kandid) => {
      const all = kandid.models();
      if (name !== undefined)
        return describe(await summaryOf(name, all, (one) => kandid.engine.models.open(one)), flags, io);
      if (flags.json) return io.out(JSON.stringify(withDefault(all, kandid.engine.models), null, 2));
      if (all.length === 0) io.err('There are no models. Name a folder of bundles with --models, or train one.');
      const standard = all.length > 0 ? kandid.engine.models.defaultName : '';
      const rows = all.map((model) => [
        ...[
          model.name === standard ? `${model.name} *` : model.name,
          `${model.side}×${model.side}`,
          model.channels === 1 ? 'gray' : 'colour',
        ],
        ...[String(model.levels.length), String(model.bits), model.hash.slice(0, 8), model.title],
      ]);
      for (const line of tableLines(['model', 'size', 'colours', 'levels', 'bits', 'hash', 'title'], rows))
        io.out(line);
      if (standard) io.err('* the default model; KANDID_DEFAULT_MODEL sets another');
    }),
  );
}

/** As in `/v1/models`. */
function withDefault(all: readonly ModelSummary[], models: Pick<Models, 'defaultName'>) {
  return all.map((model) => ({ ...model, isDefault: model.name === models.defaultName }));
}

/** For an unknown name, opening it throws the error that suggests the nearest names. */
async function summaryOf(
  name: string,
  all: readonly ModelSummary[],
  open: (name: string) => Promise<unknown>,
): Promise<ModelSummary> {
  const found = all.find((model) => model.name === name);
  if (found) return found;
  await open(name);
  throw new RangeError(`no summary of ${name}`);
}

function describe(model: ModelSummary, { json }: Flags, io: Io): void {
  if (json) {
    io.out(JSON.stringify(model, null, 2));
    return;
  }
  const sides = [...new Set(model.levels.map(({ side }) => side))].map((side) => {
    const here = model.levels.filter((level) => level.side === side);
    return `${here.length} at ${side}×${side}`;
  });
  const facts: [string, string][] = [
    ['title', model.title],
    ['about', model.description],
    ['levels', `${model.levels.length} (${sides.join(', ')}), ${model.levels[0]?.candidates ?? 0} candidates each`],
    ['codes', `${model.bits} bits`],
    [
      'prior',
      model.hasPrior ? 'knows which choices are likely' : 'none: without a guide, all choices are equally likely',
    ],
    ['hash', model.hash],
    ['condition', model.condition ? `${model.condition.kind} picture` : 'none'],
    [
      'words',
      model.textModels.length > 0 ? `known to ${model.textModels.join(', ')}` : 'no text model knows its pictures',
    ],
    ['data', model.licence.data],
    ['weights', model.licence.weights],
  ];
  if (model.licence.attribution) facts.push(['attribution', model.licence.attribution]);
  io.out(model.name);
  for (const [name, value] of Object.entries(model.metrics)) facts.push([name, JSON.stringify(value)]);
  for (const line of pairLines(facts)) io.out(`  ${line}`);
}
