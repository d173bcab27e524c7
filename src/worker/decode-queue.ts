/** Queue of whole codes to decode, from any number of jobs. */
import type { Code } from '../contract/codes.ts';
import type { Network } from '../engine/network/network.ts';
import type { Picture } from '../guide.ts';
import type { RunReport } from './messages.ts';

/** Codes to decode, with their network and client. */
export interface Decoding {
  readonly network: Network;
  readonly codes: readonly Code[];
  readonly condition: Float32Array | null;
  /** The client that it is scheduled for. */
  readonly client: string;
  readonly signal?: AbortSignal | undefined;
}

interface Piece {
  readonly of: Decoding;
  readonly codes: readonly Code[];
  readonly resolve: (pictures: Picture[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Codes decoded at once, so that other work gets its turn between two runs. */
const MAX_CODES = 16;

export class DecodeQueue {
  readonly #onRun: (report: RunReport) => void;
  #waiting: Piece[] = [];

  constructor(onRun: (report: RunReport) => void) {
    this.#onRun = onRun;
  }

  /** Clients that have codes waiting. */
  get clients(): string[] {
    return this.#waiting.map(({ of }) => of.client);
  }

  /** @throws the errors of the network, or the signal's reason */
  async add(of: Decoding): Promise<Picture[]> {
    const pieces: Promise<Picture[]>[] = [];
    for (let from = 0; from < of.codes.length; from += MAX_CODES) {
      const codes = of.codes.slice(from, from + MAX_CODES);
      pieces.push(new Promise((resolve, reject) => this.#waiting.push({ of, codes, resolve, reject })));
    }
    return (await Promise.all(pieces)).flat();
  }

  /**
   * Decodes waiting codes of a client, together with as many others as fit for the same network; returns each client's
   * share.
   */
  async runNext(client: string): Promise<Map<string, number>> {
    const batch = this.#take(client);
    const [first] = batch;
    const shares = new Map<string, number>();
    if (!first) return shares;
    const { network } = first.of;
    const codes = batch.flatMap((one) => one.codes);
    const conditions = batch.flatMap(({ of, codes: own }) => own.map(() => of.condition));
    for (const { of, codes: own } of batch)
      shares.set(of.client, (shares.get(of.client) ?? 0) + own.length / codes.length);
    const started = performance.now();
    try {
      const pictures = await network.decode(codes, conditions);
      const ms = performance.now() - started;
      const jobs = new Set(batch.map(({ of }) => of)).size;
      this.#onRun({ model: network.info.name, level: null, rows: codes.length, jobs, ms });
      for (const { codes: own, resolve } of batch) resolve(pictures.splice(0, own.length));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    return shares;
  }

  #take(client: string): Piece[] {
    this.#dropAborted();
    const first = this.#waiting.find(({ of }) => of.client === client);
    if (!first) return [];
    const batch = [first];
    let codes = first.codes.length;
    for (const one of this.#waiting) {
      if (one === first || one.of.network !== first.of.network || codes + one.codes.length > MAX_CODES) continue;
      batch.push(one);
      codes += one.codes.length;
    }
    this.#waiting = this.#waiting.filter((one) => !batch.includes(one));
    return batch;
  }

  #dropAborted(): void {
    const gone = this.#waiting.filter(({ of }) => of.signal?.aborted);
    if (gone.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => !gone.includes(one));
    for (const { of, reject } of gone) reject(of.signal?.reason);
  }
}
