/** Runs the descents of all jobs of a process: those that stand at the same level of a model share one run of its graph. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Code } from '../contract/codes.ts';
import type { Network } from '../engine/network/network.ts';
import { type BatchShare, runBatch } from '../engine/search/batches.ts';
import type { Descent } from '../engine/search/descent.ts';
import type { GenerateEvent } from '../engine/search/events.ts';
import type { Picture } from '../guide.ts';
import { Decodes } from './decode-queue.ts';
import type { RunReport } from './messages.ts';

/** A descent on its way, and who hears of it. */
export interface Task {
  readonly network: Network;
  readonly descent: Descent;
  onEvent(event: GenerateEvent): void;
  /** It is over, by its last event or by `descent.error`; its guides are freed. */
  onEnd(): void;
}

export interface SchedulerOptions {
  /** Rows of one run at most. @default 64 */
  readonly rowsPerRun?: number | undefined;
  readonly onRun?: ((report: RunReport) => void) | undefined;
}

interface Standing extends Task {
  /** Rows that were run for it. */
  attained: number;
  /** Runs that went by while it was ready. */
  waited: number;
}

const ROWS_PER_RUN = 64;
/** Whoever was passed over so often goes next. */
const PATIENCE = 8;
/** Messages (cancel, say) wait at most about so long while descents choose one after the other. */
const BREATH_MS = 10;

/**
 * The descent that has had the fewest rows goes next, and with it all that stand at its level. So those that come later catch
 * up and then share the runs of those before them, and small requests pass large ones; but nobody is passed over more than
 * `PATIENCE` times in a row.
 */
export class Scheduler {
  readonly #rowsPerRun: number;
  readonly #onRun: (report: RunReport) => void;
  readonly #tasks = new Map<Descent, Standing>();
  readonly #decodes: Decodes;
  #looping = false;

  constructor({ rowsPerRun = ROWS_PER_RUN, onRun = () => {} }: SchedulerOptions = {}) {
    this.#rowsPerRun = rowsPerRun;
    this.#onRun = onRun;
    this.#decodes = new Decodes(onRun);
  }

  /** Descents on their way. */
  get size(): number {
    return this.#tasks.size;
  }

  add(task: Task): void {
    this.#tasks.set(task.descent, { ...callbacksOf(task), attained: 0, waited: 0 });
    this.#wake();
  }

  /** Tells what has happened to a descent, as after its signal has aborted: it then ends at once. */
  poke(descent: Descent): void {
    const task = this.#tasks.get(descent);
    if (task) this.#settle(task);
  }

  /** Pictures of whole codes; those of several jobs are drawn together. */
  decode(network: Network, codes: readonly Code[], condition: Float32Array | null): Promise<Picture[]> {
    const drawing = this.#decodes.add(network, codes, condition);
    this.#wake();
    return drawing;
  }

  #wake(): void {
    if (!this.#looping) void this.#loop();
  }

  async #loop(): Promise<void> {
    this.#looping = true;
    try {
      // What comes in together should run together.
      await breathe();
      for (;;) {
        const hasDecoded = await this.#decodes.runNext();
        const group = this.#nextGroup();
        if (group.length > 0) await this.#run(group);
        else if (!hasDecoded) break;
        await breathe();
      }
    } finally {
      this.#looping = false;
    }
  }

  /** Those that stand together at the level whose turn it is, in the order in which they get rows. */
  #nextGroup(): Standing[] {
    const ready = [...this.#tasks.values()].filter(({ descent }) => descent.status === 'ready');
    const ordered = ready.sort((a, b) => hunger(b) - hunger(a) || a.attained - b.attained);
    const [first] = ordered;
    return ordered.filter((one) => one.network === first?.network && one.descent.level === first.descent.level);
  }

  async #run(group: readonly Standing[]): Promise<void> {
    const { network, descent } = group[0] as Standing;
    const { level } = descent;
    const passedOver = [...this.#tasks.values()].filter((task) => task.descent.status === 'ready');
    const started = performance.now();
    const shares = await runBatch(
      network,
      group.map((task) => task.descent),
      this.#rowsPerRun,
    );
    const ms = performance.now() - started;
    const rows = shares.reduce((sum, share) => sum + share.rows, 0);
    if (rows > 0) this.#onRun({ model: network.info.name, level, rows, jobs: shares.length, ms });
    for (const task of passedOver) task.waited += 1;
    for (const task of group) if (task.descent.status !== 'choosing') this.#settle(task);
    await this.#choose(shares);
  }

  /** Guides that take long are not waited for: the others go on meanwhile. */
  async #choose(shares: readonly BatchShare[]): Promise<void> {
    let breathed = performance.now();
    for (const { descent, rows, choose } of shares) {
      const task = this.#tasks.get(descent);
      if (task) {
        task.attained += rows;
        task.waited = 0;
      }
      const choosing = choose().then(() => {
        if (!task) return;
        this.#settle(task);
        this.#wake();
      });
      const isQuick = await Promise.race([choosing.then(() => true), breathe(false)]);
      if (isQuick && performance.now() - breathed < BREATH_MS) continue;
      await breathe();
      breathed = performance.now();
    }
  }

  #settle(task: Standing): void {
    const { descent } = task;
    if (this.#tasks.get(descent) !== task) return;
    const events = descent.takeEvents();
    const isOver = descent.status !== 'ready' && descent.status !== 'choosing';
    if (isOver) this.#tasks.delete(descent);
    for (const event of events) task.onEvent(event);
    if (!isOver) return;
    void descent.dispose();
    task.onEnd();
  }
}

/** 0 while it has not waited long. */
const hunger = ({ waited }: Standing) => (waited < PATIENCE ? 0 : waited);

function callbacksOf(task: Task): Task {
  const { network, descent } = task;
  return { network, descent, onEvent: (event) => task.onEvent(event), onEnd: () => task.onEnd() };
}
