/** Limits the bytes processed at once; others wait in order of arrival. */

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

export class ByteGate {
  readonly #most: number;
  readonly #waiting: Waiting[] = [];
  #inside = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves, once there is room (or nothing is inside), to a release function that may be called repeatedly. */
  async enter(bytes: number): Promise<() => void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push({ bytes, enter: resolve });
      this.#letIn();
    });
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#inside -= bytes;
      this.#letIn();
    };
  }

  #letIn(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#inside > 0 && this.#inside + next.bytes > this.#most) return;
      this.#waiting.shift();
      this.#inside += next.bytes;
      next.enter();
    }
  }
}
