/** Models and guides of the server, loaded once and after each reconnection. */
import { computed, signal } from '@preact/signals';
import { type GuideAnswer, type ModelAnswer, RequestError } from '../../client/client.ts';
import { client, needsKey } from './server.ts';

export const models = signal<readonly ModelAnswer[]>([]);
export const guides = signal<readonly GuideAnswer[]>([]);
export const catalogueError = signal<Error | null>(null);

/** Unconditional models. */
export const plainModels = computed(() => models.value.filter(({ condition }) => condition === null));
/** Conditional models; their pictures have no permalink. */
export const conditionalModels = computed(() => models.value.filter(({ condition }) => condition !== null));

export const standardModel = computed(() => models.value.find(({ isDefault }) => isDefault) ?? models.value[0]);

/** The model of a name; the default model if none is given. */
export function modelNamed(name: string | undefined): ModelAnswer | undefined {
  return name === undefined ? standardModel.value : models.value.find((one) => one.name === name);
}

const RETRY_MS = 1500;
const UNAUTHORIZED = 401;
/** Too many requests; no worker available. */
const RETRY_STATUS: readonly number[] = [429, 503];

/** Whether the server has just started and is still opening its models. */
export const isStarting = signal(false);

/** Retries until the server responds. */
export async function loadCatalogue(): Promise<void> {
  for (;;) {
    try {
      isStarting.value = (await client.value.health()).status === 'starting';
      if (isStarting.value) {
        await pause();
        continue;
      }
      const [allModels, allGuides] = await Promise.all([client.value.models(), client.value.guides()]);
      [models.value, guides.value, catalogueError.value] = [allModels, allGuides, null];
      needsKey.value = false;
      return;
    } catch (thrown) {
      catalogueError.value = thrown instanceof Error ? thrown : new Error(String(thrown));
      needsKey.value = thrown instanceof RequestError && thrown.status === UNAUTHORIZED;
      const isTransient = !(thrown instanceof RequestError) || RETRY_STATUS.includes(thrown.status ?? 0);
      if (!isTransient) return;
      await pause();
    }
  }
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}
