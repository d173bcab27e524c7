/** All cases, in order. To add one, add a file and a line here. */
import type { HostileCase } from './case.ts';
import { heavyRequests } from './heavy-requests.ts';
import { mostBodies } from './most-bodies.ts';
import { mutations } from './mutations.ts';
import { shutdown } from './shutdown.ts';

export const CASES: readonly HostileCase[] = [heavyRequests, mostBodies, mutations, shutdown];
