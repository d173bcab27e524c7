/** Current state of the server. */
import { useEffect, useState } from 'preact/hooks';
import type { HealthAnswer } from '../../../client/client.ts';
import { base, client, connection, keyHeaders } from '../../state/server.ts';
import { meanMs, parseSamples, runsOf, type Sample, total } from './speed.ts';

const EVERY_MS = 2000;

interface Looked {
  readonly health: HealthAnswer;
  readonly samples: readonly Sample[];
}

const STATES: Readonly<Record<HealthAnswer['status'], string>> = {
  ready: 'takes requests',
  starting: 'is opening its models',
  draining: 'is shutting down',
  failed: 'failed to open its models',
};

export function Now() {
  const [looked, setLooked] = useState<{ readonly now: Looked; readonly before: Looked | null } | null>(null);
  useEffect(() => {
    let isOver = false;
    const look = async () => {
      if (document.hidden) return;
      // Connection problems are shown at the top of the page.
      const now = await lookedAt().catch(() => null);
      if (!isOver && now) setLooked((known) => ({ now, before: known?.now ?? null }));
    };
    void look();
    const timer = setInterval(look, EVERY_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, []);
  if (connection.value === 'lost') return <p class="soft">The server is not available.</p>;
  if (!looked) return <p class="soft">Loading …</p>;
  const { health, samples } = looked.now;
  const before = looked.before?.samples ?? [];
  return (
    <>
      <p class="lead">The server {STATES[health.status]}.</p>
      <dl class="figures server-now">
        <Figure name="running" value={String(health.running)} />
        <Figure name="waiting" value={String(health.waiting)} />
        <Figure
          name="requests done"
          value={total(samples, 'kandid_jobs_ended_total', { state: 'done' }).toLocaleString('en')}
        />
        <Speeds samples={samples} before={before} graph="level" of="a level of" />
        <Speeds samples={samples} before={before} graph="decode" of="a code of" />
        {health.workers.map(({ device, state, restarts }, n) => (
          <Figure
            key={n}
            name={`worker ${n + 1}, on ${device}`}
            value={restarts > 0 ? `${state}, restarted ${restarts} times` : state}
          />
        ))}
      </dl>
    </>
  );
}

interface SpeedsProps {
  readonly samples: readonly Sample[];
  /** Samples of the previous poll. */
  readonly before: readonly Sample[];
  readonly graph: 'level' | 'decode';
  readonly of: string;
}

function Speeds({ samples, before, graph, of }: SpeedsProps) {
  const known = runsOf(before, graph);
  return Object.entries(runsOf(samples, graph)).map(([model, counted]) => {
    const ms = meanMs(counted, known[model]);
    return ms === null ? null : <Figure key={model} name={`${of} ${model}`} value={`${ms.toFixed(1)} ms`} />;
  });
}

async function metrics(): Promise<string> {
  return await (await fetch(`${base}/metrics`, { headers: keyHeaders() })).text();
}

async function lookedAt(): Promise<Looked> {
  const [health, text] = await Promise.all([client.value.health(), metrics()]);
  return { health, samples: parseSamples(text) };
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
