import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addGatewayMetrics } from '../../src/server/cluster/cluster-metrics.ts';
import type { Fleet } from '../../src/server/cluster/fleet.ts';
import type { RedisLink } from '../../src/server/cluster/redis-link.ts';
import { Metrics } from '../../src/server/metrics.ts';

test('the dashboard queries existing metrics', async () => {
  const metrics = new Metrics({
    waiting: () => 0,
    running: () => 0,
    kept: () => ({ jobs: 0, bytes: 0 }),
    workers: () => [],
    lostLines: () => 0,
  });
  const away = { isUp: false } as RedisLink;
  addGatewayMetrics(metrics.registry, { queues: [], nodes: [] } as unknown as Fleet, away);
  const known = new Set(metrics.registry.getMetricsAsArray().map(({ name }) => name));
  const { panels } = JSON.parse(readFileSync('deploy/grafana/dashboards/kandid.json', 'utf8')) as {
    panels: { targets: { expr: string }[] }[];
  };
  const asked = panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => expr.match(/\b(?:kandid|process|nodejs)_\w+/g) ?? []),
  );
  assert.ok(asked.length > 20);
  for (const name of new Set(asked)) assert.ok(known.has(name.replace(/_(bucket|count|sum)$/, '')), name);
});

test('the proxies set every trusted header, and close idle connections before the server', () => {
  const [nginx, cluster] = ['nginx', 'nginx.cluster'].map((name) => readFileSync(`deploy/${name}.conf`, 'utf8')) as [
    string,
    string,
  ];
  for (const text of [nginx, cluster]) {
    for (const name of ['Host', 'Proto', 'Prefix', 'For']) assert.match(text, new RegExp(`X-Forwarded-${name} `), name);
    assert.match(text, /Upgrade +\$http_upgrade/);
  }
  const caddy = readFileSync('deploy/Caddyfile', 'utf8');
  assert.match(caddy, /X-Forwarded-Prefix \/kandid/);
  for (const text of [nginx, cluster, caddy]) assert.ok(Number(/keepalive(?:_timeout)? (\d+)s/.exec(text)?.[1]) < 75);
});

test('the image is built from existing files', () => {
  const { files = [] } = JSON.parse(readFileSync('package.json', 'utf8')) as { files?: string[] };
  assert.ok(files.includes('models'));
  for (const line of readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((one) => one.startsWith('!')))
    assert.ok(readFileSync('Dockerfile', 'utf8').includes(line.slice(1)), line);
});

test('every gateway and worker of the cluster is behind the proxy or scraped, and Redis evicts nothing', () => {
  const compose = readFileSync('deploy/compose.cluster.yaml', 'utf8');
  const members = [...compose.matchAll(/^ {2}((?:gateway|worker)-\d):/gm)].map(([, name]) => name as string);
  assert.deepEqual(members, ['gateway-1', 'gateway-2', 'worker-1', 'worker-2']);
  const [prometheus, nginx] = ['prometheus.cluster.yaml', 'nginx.cluster.conf'].map((name) =>
    readFileSync(`deploy/${name}`, 'utf8'),
  ) as [string, string];
  for (const name of members) assert.ok(prometheus.includes(`"${name}:8080"`), name);
  for (const name of members.filter((one) => one.startsWith('gateway')))
    assert.ok(nginx.includes(`server ${name}:8080`));
  assert.match(compose, /maxmemory-policy, noeviction/);
  assert.match(compose, /--appendonly, "yes"/);
});
