/** Shipped models, opened once per test file. */
import { after } from 'node:test';
import { Models, type OpenModel } from '../../src/engine/models.ts';
import { resolveDevice } from '../../src/runtime/device.ts';

let found: Promise<Models> | undefined;

async function find(): Promise<Models> {
  return await Models.find({ folders: ['models'], paths: false, device: await resolveDevice('cpu'), threads: 1 });
}

export async function shipped(name: string): Promise<OpenModel> {
  found ??= find();
  return await (await found).open(name);
}

after(async () => (await found)?.close());
