/** Prometheus metrics of a cluster, for monitoring and scaling. */
import { Gauge, type Registry } from 'prom-client';
import type { Fleet } from './fleet.ts';
import type { RedisLink } from './redis-link.ts';

/** Metrics of a gateway: all workers and queues that it knows of. */
export function addGatewayMetrics(registry: Registry, fleet: Fleet, link: RedisLink): void {
  const labels = ['model', 'hash', 'device'] as const;
  const perQueue = (name: string, help: string, value: (queue: Fleet['queues'][number]) => number) =>
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [registry],
      collect() {
        this.reset();
        for (const queue of fleet.queues) {
          const { model, device } = queue;
          this.set({ model, hash: queue.hash.slice(0, 8), device }, value(queue));
        }
      },
    });
  perQueue('kandid_queue_waiting', 'Jobs that wait, by model and device.', ({ waiting }) => waiting);
  perQueue('kandid_queue_oldest_seconds', 'Age of the oldest waiting job.', ({ oldestSeconds }) => oldestSeconds);
  perQueue('kandid_queue_workers', 'Workers that serve them.', ({ nodes }) => nodes);
  new Gauge({
    name: 'kandid_cluster_places',
    help: 'Results that the workers take at once, by device.',
    labelNames: ['device'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { deviceClass, places } of fleet.nodes) this.inc({ device: deviceClass }, places);
    },
  });
  addRedisMetrics(registry, link);
}

/** Metrics of both gateways and workers. */
export function addRedisMetrics(registry: Registry, link: RedisLink): void {
  new Gauge({
    name: 'kandid_redis_up',
    help: 'Whether Redis takes commands: 1, or 0 while it is away.',
    registers: [registry],
    collect() {
      this.set(link.isUp ? 1 : 0);
    },
  });
}
