/** Queue of the parts of guides' long computations, each run when its client's turn comes. */

interface Piece {
  readonly client: string;
  /** Resolves when it has settled, either way. */
  begin(): Promise<void>;
}

/** A longer part is not awaited: it is waiting for something other than this machine. */
const LONGEST_MS = 1000;

export class ComputeQueue {
  #waiting: Piece[] = [];

  get clients(): string[] {
    return this.#waiting.map(({ client }) => client);
  }

  /** @throws what the work throws */
  add<T>(client: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = () => work().then(resolve, reject);
      this.#waiting.push({ client, begin });
    });
  }

  /** Runs the next part of a client. */
  async runNext(client: string): Promise<void> {
    const piece = this.#waiting.find((one) => one.client === client);
    if (!piece) return;
    this.#waiting.splice(this.#waiting.indexOf(piece), 1);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LONGEST_MS);
    });
    await Promise.race([piece.begin(), late]);
    clearTimeout(timer);
  }
}
