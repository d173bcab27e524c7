/** Compares a model's graphs on a device with the CPU's. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compareWithCpu, type Open, opener } from './comparison.ts';
import { isLarge, type PyramidManifest } from './manifest.ts';
import type { FoundModel } from './models.ts';
import type { SessionDevice } from './session-device.ts';

/** As `compareWithCpu`. */
export type Compare = (open: Open, device: SessionDevice) => Promise<number>;

/**
 * Compares graphs that stand for the model's others, one after the other.
 *
 * @param compare replaced in tests
 * @returns the largest difference, as a part of the largest number
 * @throws {KandidError} device_differs, graph_unreadable, graph_failed
 */
export async function compareModel(
  model: Pick<FoundModel, 'name' | 'folder' | 'manifest'>,
  device: SessionDevice,
  compare: Compare = compareWithCpu,
): Promise<number> {
  let largest = 0;
  for (const graph of sampleGraphs(model)) {
    const apart = await compare(opener(join(model.folder, graph), `${graph} of ${model.name}`), device);
    largest = Math.max(largest, apart);
  }
  return largest;
}

/** Files of the graphs that are compared; none for a model of unknown layout. */
export function sampleGraphs({ folder, manifest }: Pick<FoundModel, 'folder' | 'manifest'>): string[] {
  if (manifest?.kind === 'pyramid') return generatorGraphs(manifest);
  const likely = [
    'model.onnx',
    'onnx/vision_model.onnx',
    'onnx/vision_model_fp16.onnx',
    'onnx/vision_model_quantized.onnx',
  ];
  return likely.filter((file) => existsSync(join(folder, file))).slice(0, 1);
}

/**
 * The last level, which draws all candidates; decode.onnx, which has every level's network, unless it is so large that
 * graphs are opened on first use; of the prior, its last side, and the first one's graph that chooses.
 */
function generatorGraphs(manifest: PyramidManifest): string[] {
  const { graphs, prior } = manifest;
  const bySide = (files: Readonly<Record<string, string>> = {}) =>
    Object.entries(files)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, file]) => file);
  const sampled = [
    graphs.levels.at(-1),
    isLarge(manifest) ? undefined : graphs.decode,
    bySide(prior?.sides).at(-1),
    bySide(prior?.descend).at(0),
  ];
  return sampled.filter((file) => file !== undefined);
}
