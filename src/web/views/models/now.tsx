/** Current state of the server. */
import { useEffect, useState } from 'preact/hooks';
import type { HealthAnswer } from '../../../client/client.ts';
import { base, client, connection, keyHeaders } from '../../state/server.ts';
import { meanMs, parseSamples, runsOf, type Sample, total } from './speed.ts';

const POLL_MS = 2000;

interface Poll {
  readonly health: HealthAnswer;
  readonly samples: readonly Sample[];
}

const STATES: Readonly<Record<HealthAnswer['status'], string>> = {
  ready: 'accepts requests',
  starting: 'is opening its models',
  draining: 'is shutting down',
  failed: 'failed to open its models',
};

export function Now() {
  const [polls, setPolls] = useState<{ readonly last: Poll; readonly previous: Poll | null } | null>(null);
  useEffect(() => {
    let isOver = false;
    const update = async () => {
      if (document.hidden) return;
      // Connection problems are shown at the top of the page.
      const last = await poll().catch(() => null);
      if (!isOver && last) setPolls((known) => ({ last, previous: known?.last ?? null }));
    };
    void update();
    const timer = setInterval(update, POLL_MS);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, []);
  if (connection.value === 'lost') return <p class="soft">The server is not available.</p>;
  if (!polls) return <p class="soft">Loading …</p>;
  const { health, samples } = polls.last;
  const before = polls.previous?.samples ?? [];
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
        <Speeds samples={samples} before={before} graph="level" label="a level of" />
        <Speeds samples={samples} before={before} graph="decode" label="a code of" />
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
  readonly label: string;
}

function Speeds({ samples, before, graph, label }: SpeedsProps) {
  const known = runsOf(before, graph);
  return Object.entries(runsOf(samples, graph)).map(([model, counted]) => {
    const ms = meanMs(counted, known[model]);
    return ms === null ? null : <Figure key={model} name={`${label} ${model}`} value={`${ms.toFixed(1)} ms`} />;
  });
}

async function metrics(): Promise<string> {
  return await (await fetch(`${base}/metrics`, { headers: keyHeaders() })).text();
}

async function poll(): Promise<Poll> {
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
