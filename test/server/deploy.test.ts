import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Metrics } from '../../src/server/metrics.ts';

test('the dashboard asks for figures that there are', async () => {
  const metrics = new Metrics({
    waiting: () => 0,
    running: () => 0,
    kept: () => ({ jobs: 0, bytes: 0 }),
    workers: () => [],
    lostLines: () => 0,
  });
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

test('the proxies set every header that is trusted, and leave connections before the server does', () => {
  const nginx = readFileSync('deploy/nginx.conf', 'utf8');
  for (const name of ['Host', 'Proto', 'Prefix', 'For']) assert.match(nginx, new RegExp(`X-Forwarded-${name} `), name);
  assert.match(nginx, /Upgrade +\$http_upgrade/);
  const caddy = readFileSync('deploy/Caddyfile', 'utf8');
  assert.match(caddy, /X-Forwarded-Prefix \/kandid/);
  for (const text of [nginx, caddy]) assert.ok(Number(/keepalive(?:_timeout)? (\d+)s/.exec(text)?.[1]) < 75);
});

test('the image is made of what is there', () => {
  const { files = [] } = JSON.parse(readFileSync('package.json', 'utf8')) as { files?: string[] };
  assert.ok(files.includes('models'));
  for (const line of readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((one) => one.startsWith('!')))
    assert.ok(readFileSync('Dockerfile', 'utf8').includes(line.slice(1)), line);
});
