/** Computes on WebGPU, and prints the findings as JSON: run by swiftshader.test.ts in a process of its own. */
import { Models } from '../../../src/engine/models.ts';
import { KandidError } from '../../../src/errors.ts';
import { Kandid } from '../../../src/index.ts';
import { compareWithCpu, opener } from '../../../src/runtime/comparison.ts';
import { awkwardConvolutions, convolutionGraph, runOnce } from '../../../src/runtime/convolution.ts';
import { createSession } from '../../../src/runtime/session.ts';

const DEVICE = { kind: 'webgpu', cuda: null } as const;

const compared = (graph: string | Uint8Array) => compareWithCpu(opener(graph), DEVICE);

/** A picture of 16 pixels a side, whose code is looked for by a quadratic form. */
const picture = {
  channels: 3,
  width: 16,
  height: 16,
  data: Float32Array.from({ length: 3 * 16 * 16 }, (_, i) => (i % 7) / 6),
};

async function codesOn(device: 'cpu' | 'webgpu'): Promise<string[]> {
  const kandid = await Kandid.open({ device, defaultModel: 'tiny' });
  try {
    const drawn = await kandid.pictures({ model: 'tiny', count: 8, seed: 3 });
    const encoded = await kandid.encode(picture, { model: 'tiny' });
    return [...drawn.map(({ codeString }) => codeString), JSON.stringify(encoded.code)];
  } finally {
    await kandid.close();
  }
}

/** What became of two tries to open a model whose numbers differ. */
async function refusals(): Promise<string[]> {
  const device = { ...DEVICE, name: 'webgpu', fallback: null };
  const compare = async () => {
    throw new KandidError('device_differs', { device: 'webgpu', graph: 'decode.onnx', got: '9 %', expected: '2 %' });
  };
  const models = await Models.find({ folders: ['models'], paths: false, device, compare });
  const code = (error: unknown) => (error instanceof KandidError ? error.code : String(error));
  const attempt = () => models.open('tiny').then(() => 'opened', code);
  return [await attempt(), await attempt()];
}

/** Four runs that begin at once, of two graphs. */
async function runsAtOnce(): Promise<number> {
  const graphs = [convolutionGraph(), awkwardConvolutions()];
  const sessions = await Promise.all(graphs.map((graph) => createSession(graph, { device: DEVICE })));
  const results = await Promise.all([...sessions, ...sessions].map(runOnce));
  for (const session of sessions) await session.release();
  return results.length;
}

const convolutions = await compared(awkwardConvolutions());
const level = await compared('models/avatars-64/level-20.onnx');
const [onCpu, onWebgpu] = [await codesOn('cpu'), await codesOn('webgpu')];
const atOnce = await runsAtOnce();
const refused = await refusals();
process.stdout.write(JSON.stringify({ convolutions, level, onCpu, onWebgpu, atOnce, refused }));
