/** `kandid guides --check FILE`: runs the conformance checks on a user's guide. */
import { GUIDE_CHECKS, type GuideExample } from '../../../guides/lib/checks.ts';
import { modelFolders } from '../../config.ts';
import { guideContext, NO_TURNS } from '../../engine/guides/context.ts';
import { loadGuide } from '../../engine/guides/registry.ts';
import { ResourceCache } from '../../engine/guides/resources.ts';
import { KandidError, reasonOf } from '../../errors.ts';
import type { GuideContext } from '../../guide.ts';
import { resolveDevice } from '../../runtime/device.ts';
import { withFiles } from '../files.ts';
import type { Io } from '../io.ts';
import { type EngineFlags, settingsOf } from '../options.ts';

interface Outcome {
  readonly name: string;
  readonly problem: string | null;
}

/**
 * Runs the checks and prints one line per check. @throws {KandidError} guide_invalid (the file), guide_refused (a
 * check)
 */
export async function checkGuide(
  file: string,
  given: Readonly<Record<string, unknown>>,
  flags: EngineFlags & { readonly json?: boolean },
  io: Io,
): Promise<void> {
  const definition = await loadGuide(file);
  const params = await withFiles(given, io);
  const { context, close } = await checkContext(flags, io, definition.name);
  const outcomes: Outcome[] = [];
  try {
    for (const check of GUIDE_CHECKS) {
      if (io.signal.aborted) throw new KandidError('cancelled', { when: `after ${outcomes.length} checks` });
      const problem = await check.run(definition, { params, context }).then(() => null, reasonOf);
      outcomes.push({ name: check.name, problem });
      if (!flags.json) io.out(`${problem === null ? 'ok  ' : 'FAIL'}  ${check.name}${problem ? `: ${problem}` : ''}`);
    }
  } finally {
    await close();
  }
  const failed = outcomes.filter(({ problem }) => problem !== null);
  if (flags.json)
    io.out(JSON.stringify({ guide: definition.name, passed: failed.length === 0, checks: outcomes }, null, 2));
  if (failed.length > 0) {
    const problem = `${failed.length} of ${outcomes.length} checks failed: fix them, or give other --params`;
    throw new KandidError('guide_refused', { guide: definition.name, problem });
  }
  if (!flags.json) io.out(`Guide "${definition.name}" passes all ${outcomes.length} checks.`);
}

/** Creates the context of a real request, with the models that the checks simulate. */
async function checkContext(flags: EngineFlags, io: Io, guide: string) {
  const settings = settingsOf(flags, io);
  const shared = new ResourceCache();
  const services = {
    models: modelFolders(settings),
    paths: true,
    threads: settings.threads,
    shared,
    limitPixels: settings.limitPixels,
    allowedHosts: settings.allowedHosts,
    timeoutSeconds: settings.guideTimeout,
    device: await resolveDevice(settings.device),
  };
  const context = (model: GuideContext['model']): GuideContext => {
    const channels: 1 | 3 = model.channels === 1 ? 1 : 3;
    const levels = [{ side: model.finalSide, candidateCount: 2, width: 1 }];
    const info = { name: model.name, channels, levels, condition: null };
    const base = guideContext(guide, services, {
      info,
      hasPrior: false,
      seed: 1,
      signal: io.signal,
      notes: [],
      person: undefined,
      turns: NO_TURNS,
    });
    return { ...base, model };
  };
  return { context: context satisfies GuideExample['context'], close: () => shared.close() };
}
