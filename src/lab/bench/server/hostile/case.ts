/** A hostile case: one file, listed in `cases.ts`, run by `hostile.ts` on its own server. */
import type { BenchContext } from '../context.ts';
import type { Figure } from '../figure.ts';
import type { ServerProcess } from '../server-process.ts';

export interface HostileCase {
  readonly name: string;
  /** Settings that are not the defaults. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Runs the case. `hostile.ts` checks afterwards that the server is alive and responds. */
  run(context: BenchContext, server: ServerProcess): Promise<Figure[]>;
}
