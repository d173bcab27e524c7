/** Checks of a Redis server for `kandid doctor --redis`. */
import { toKandidError } from '../../errors.ts';
import { RedisLink } from './redis-link.ts';
import { Registry } from './registry.ts';

export interface RedisFinding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; also set if `ok` but something could be better. */
  readonly remedy: string | null;
}

const MiB = 2 ** 20;
/** Round-trip time; more would delay every preview. */
const SLOW_MS = 5;
const PINGS = 20;
const COMMAND_MS = 3000;

/** @param url as for `--redis` */
export async function* examineRedis(url: string, prefix: string): AsyncGenerator<RedisFinding> {
  let link: RedisLink;
  try {
    link = await RedisLink.open({ url, prefix, name: 'kandid doctor', commandMs: COMMAND_MS });
  } catch (error) {
    yield { name: 'Redis', ok: false, ...splitMessage(toKandidError(error).message) };
    return;
  }
  try {
    const { version, memory, appendOnly } = await link.checkFit();
    const detail = `${version} at ${link.address}, ${(memory / MiB).toFixed(0)} MiB used, evicts nothing`;
    const remedy = appendOnly
      ? null
      : 'Set appendonly yes: without it, accepted jobs are lost when Redis is restarted.';
    yield { name: 'Redis', ok: true, detail, remedy };
    yield await checkSpeed(link);
    yield await checkWorkers(link);
  } catch (error) {
    yield { name: 'Redis', ok: false, ...splitMessage(toKandidError(error).message) };
  } finally {
    link.close();
  }
}

async function checkSpeed(link: RedisLink): Promise<RedisFinding> {
  const started = performance.now();
  for (let n = 0; n < PINGS; n++) await link.ask((redis) => redis.ping());
  const ms = (performance.now() - started) / PINGS;
  const remedy = ms > SLOW_MS ? 'Put gateways and workers nearer to it: previews go through it.' : null;
  return { name: 'Redis answers', ok: true, detail: `in ${ms.toFixed(2)} ms`, remedy };
}

async function checkWorkers(link: RedisLink): Promise<RedisFinding> {
  const nodes = await new Registry(link).nodes();
  const name = 'workers';
  if (nodes.length === 0) {
    const remedy = 'Start one with "kandid worker --redis URL", with the same redisPrefix as the gateways.';
    return { name, ok: false, detail: `none has reported under the prefix ${link.prefix}`, remedy };
  }
  const described = nodes.map(
    ({ host, deviceClass, state, known }) => `${host} (${deviceClass}, ${state}, ${known.models.length} models)`,
  );
  const hashes = new Map<string, Set<string>>();
  for (const { known } of nodes)
    for (const model of known.models) hashes.set(model.name, (hashes.get(model.name) ?? new Set()).add(model.hash));
  const mixed = [...hashes].filter(([, found]) => found.size > 1).map(([model]) => model);
  const remedy =
    mixed.length > 0 ? `Workers have different bundles of ${mixed.join(', ')}: copy one of them to all.` : null;
  return { name, ok: true, detail: described.join(', '), remedy };
}

/** Splits a message into the finding and the remedy. */
function splitMessage(message: string): { readonly detail: string; readonly remedy: string | null } {
  const end = message.search(/\. (?=[A-Z])/);
  if (end < 0) return { detail: message, remedy: null };
  return { detail: message.slice(0, end + 1), remedy: message.slice(end + 2) };
}
