/** All measurements of a cluster, in order. */
import type { ClusterPart } from './context.ts';
import { latency } from './latency.ts';
import { redisMemory } from './redis-memory.ts';
import { speedup } from './speedup.ts';
import { survival } from './survival.ts';

export const CLUSTER_PARTS: readonly ClusterPart[] = [
  { name: 'survival', description: 'members killed and Redis restarted under load', run: survival },
  { name: 'speedup', description: 'two workers against one', run: speedup },
  { name: 'latency', description: 'first preview, and cancel at another gateway', run: latency },
  { name: 'memory', description: 'memory of Redis over many jobs', run: redisMemory },
];
