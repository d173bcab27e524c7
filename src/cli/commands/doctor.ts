/** `kandid doctor` */
import type { Command } from 'commander';
import { modelFolders } from '../../config.ts';
import { GuideRegistry } from '../../engine/guides/registry.ts';
import { KandidError, toKandidError } from '../../errors.ts';
import { type Check, checkNames, examine } from '../../runtime/doctor.ts';
import { loadServerSettings } from '../../server/settings.ts';
import type { Io } from '../io.ts';
import { addEngineOptions, type EngineFlags, settingsOf } from '../options.ts';

interface Flags extends EngineFlags {
  readonly json?: boolean;
  readonly redis?: string;
}

export function addDoctor(program: Command, io: Io): void {
  const command = program
    .command('doctor')
    .summary('check the installation and suggest fixes')
    .description('Checks Node.js, memory, the libraries, the device, every model (hashes, graphs) and the guides.')
    .option('--redis <url>', 'check a Redis for servers and workers, and which workers there are')
    .option('--json', 'print it as JSON');
  addEngineOptions(command).action((flags: Flags) => run(flags, io));
}

async function run(flags: Flags, io: Io): Promise<void> {
  const settings = settingsOf(flags, io);
  const options = { models: modelFolders(settings), device: settings.device };
  const width = Math.max(...(await checkNames(options)).map((name) => name.length));
  const checks: Check[] = [];
  const report = (check: Check) => {
    checks.push(check);
    if (flags.json) return;
    io.out(`${check.ok ? 'ok  ' : 'FAIL'}  ${check.name.padEnd(width)}  ${check.detail}`);
    if (check.remedy) io.out(`      ${check.remedy}`);
  };
  for await (const check of examine(options)) {
    report(check);
    if (io.signal.aborted) throw new KandidError('cancelled', { when: `after ${checks.length} checks` });
  }
  report(await checkGuides(settings.guides));
  for await (const finding of redisFindings(flags.redis, io)) report(finding);
  if (flags.json) io.out(JSON.stringify({ ok: checks.every(({ ok }) => ok), checks }, null, 2));
  const failed = checks.filter(({ ok }) => !ok).length;
  if (failed > 0) throw new KandidError('unwell', { failed, of: checks.length });
}

/** Checks the given Redis, or the one of the environment, if any. @throws {KandidError} setting_invalid */
async function* redisFindings(given: string | undefined, io: Io): AsyncGenerator<Check> {
  const { redis, redisPrefix } = loadServerSettings({ redis: given }, io.environment);
  if (redis === undefined) return;
  // Loaded only if needed.
  const { examineRedis } = await import('../../server/cluster/redis-check.ts');
  yield* examineRedis(redis, redisPrefix);
}

async function checkGuides(folders: readonly string[]): Promise<Check> {
  try {
    const guides = (await GuideRegistry.load(folders)).summaries();
    return { name: 'guides', ok: true, detail: guides.map(({ name }) => name).join(', '), remedy: null };
  } catch (error) {
    return { name: 'guides', ok: false, detail: toKandidError(error).message, remedy: null };
  }
}
