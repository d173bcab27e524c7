/** Whole codes that wait to be drawn, from any number of jobs. */
import type { Code } from '../contract/codes.ts';
import type { Network } from '../engine/network/network.ts';
import type { Picture } from '../guide.ts';
import type { RunReport } from './messages.ts';

interface Waiting {
  readonly network: Network;
  readonly codes: readonly Code[];
  readonly condition: Float32Array | null;
  readonly resolve: (pictures: Picture[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Codes drawn at once. */
const MOST_CODES = 32;

export class Decodes {
  readonly #onRun: (report: RunReport) => void;
  #waiting: Waiting[] = [];

  constructor(onRun: (report: RunReport) => void) {
    this.#onRun = onRun;
  }

  add(network: Network, codes: readonly Code[], condition: Float32Array | null): Promise<Picture[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ network, codes, condition, resolve, reject });
    });
  }

  /** Draws what waits for the first one's network, as much as goes at once; false where nothing waits. */
  async runNext(): Promise<boolean> {
    const batch = this.#take();
    const [first] = batch;
    if (!first) return false;
    const { network } = first;
    const started = performance.now();
    try {
      const codes = batch.flatMap((one) => one.codes);
      const conditions = batch.flatMap((one) => one.codes.map(() => one.condition));
      const pictures = await network.decode(codes, conditions);
      const ms = performance.now() - started;
      this.#onRun({ model: network.info.name, level: null, rows: codes.length, jobs: batch.length, ms });
      for (const { codes: own, resolve } of batch) resolve(pictures.splice(0, own.length));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    return true;
  }

  #take(): Waiting[] {
    const network = this.#waiting[0]?.network;
    const batch: Waiting[] = [];
    let codes = 0;
    for (const one of this.#waiting) {
      if (one.network !== network || (batch.length > 0 && codes + one.codes.length > MOST_CODES)) continue;
      batch.push(one);
      codes += one.codes.length;
    }
    this.#waiting = this.#waiting.filter((one) => !batch.includes(one));
    return batch;
  }
}
