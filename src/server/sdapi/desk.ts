/** What is remembered of each client between requests: what runs for them, and the model they chose. */
import type { JobPreview } from '../../worker/messages.ts';
import type { Job } from '../jobs/job.ts';
import type { Services } from '../services.ts';

/** A request that is being made. */
export interface Running {
  readonly job: Job;
  /** Chosen so far, of all. */
  level: number;
  levels: number;
  preview: JobPreview | null;
  interrupted: boolean;
}

/** Clients whose choice is remembered; of more, those that chose first are forgotten. */
const MOST_CHOICES = 10_000;

export class Desk {
  /** Of each client, the newest last. */
  readonly #running = new Map<string, Running[]>();
  readonly #models = new Map<string, string>();

  begin(client: string, job: Job): Running {
    const running: Running = { job, level: 0, levels: 0, preview: null, interrupted: false };
    this.#running.set(client, [...this.running(client), running]);
    return running;
  }

  end(client: string, running: Running): void {
    const others = this.running(client).filter((one) => one !== running);
    if (others.length > 0) this.#running.set(client, others);
    else this.#running.delete(client);
  }

  running(client: string): readonly Running[] {
    return this.#running.get(client) ?? [];
  }

  model(client: string): string | undefined {
    return this.#models.get(client);
  }

  choose(client: string, model: string): void {
    this.#models.delete(client);
    this.#models.set(client, model);
    if (this.#models.size > MOST_CHOICES) this.#models.delete(this.#models.keys().next().value as string);
  }
}

const desks = new WeakMap<Services, Desk>();

/** That of a server. */
export function deskOf(services: Services): Desk {
  const desk = desks.get(services) ?? new Desk();
  desks.set(services, desk);
  return desk;
}
