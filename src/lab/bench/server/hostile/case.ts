/** One way to harm a server. A case is one file: it is listed in `cases.ts`, and `hostile.ts` runs it on a server of its own. */
import type { BenchContext } from '../context.ts';
import type { Figure } from '../figure.ts';
import type { ServerProcess } from '../server-process.ts';

export interface HostileCase {
  readonly name: string;
  /** Settings that are not the defaults. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** What the server must still stand afterwards is looked at by `hostile.ts`: it lives, and answers. */
  run(context: BenchContext, server: ServerProcess): Promise<Figure[]>;
}
