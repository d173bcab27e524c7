/** Time and timers, replaceable in tests. */
export interface Clock {
  /** Milliseconds that only ever rise. */
  now(): number;
  /** Milliseconds since 1970. */
  date(): number;
  /** Calls back once after so many milliseconds, unless the function that it gives is called first. */
  after(ms: number, callback: () => void): () => void;
}

/** Over about 24 days a timer would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(ms, LONGEST_TIMER)).unref();
    return () => clearTimeout(timer);
  },
};
