/** Per-client state kept between requests: running jobs and the selected model. */
import type { JobPreview } from '../../worker/messages.ts';
import type { Job } from '../jobs/job.ts';
import type { Services } from '../services.ts';

/** A request in progress. */
export interface Running {
  readonly job: Job;
  /** Number of levels chosen so far, and in total. */
  level: number;
  levels: number;
  preview: JobPreview | null;
  interrupted: boolean;
}

/** Largest number of clients with a remembered model; beyond it, the oldest choices are dropped. */
const MAX_CHOICES = 10_000;

export class ClientState {
  /** Running requests by client, the newest last. */
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
    if (this.#models.size > MAX_CHOICES) this.#models.delete(this.#models.keys().next().value as string);
  }
}

const states = new WeakMap<Services, ClientState>();

/** The client state of a server. */
export function clientStateOf(services: Services): ClientState {
  const state = states.get(services) ?? new ClientState();
  states.set(services, state);
  return state;
}
