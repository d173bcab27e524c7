/** The child process of `coldLoad`: opens a model and sends the milliseconds it took. */
import { Engine } from '../../engine/engine.ts';

process.on('message', async ({ models, model, device }: { models: string[]; model: string; device: string }) => {
  const started = performance.now();
  const engine = await Engine.open({ models, device });
  await engine.models.open(model);
  const ms = performance.now() - started;
  process.send?.({ ms, since_start_ms: performance.now() }, () => process.exit(0));
});
