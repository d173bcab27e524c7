/** Which files of a repository make a CLIP in the Hugging Face ONNX layout. */
import { KandidError } from '../errors.ts';
import type { RemoteFile, Repository } from './repository.ts';

/** Suffixes of the graphs' names by number format, in the order of preference. */
const SUFFIXES = { fp32: '', fp16: '_fp16', q8: '_quantized' } as const;
export type ClipFormat = keyof typeof SUFFIXES;
export const CLIP_FORMATS = Object.keys(SUFFIXES) as readonly ClipFormat[];

const NEEDED = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'];
/** Kandid's own, where there are any. */
const WELCOME = ['vocabulary.json', 'synonyms.json'];

/**
 * Both towers in one format; a single graph of both where there are no separate ones.
 *
 * @throws {KandidError} hub_unfit
 */
export function clipFiles({ name, files }: Repository, format?: ClipFormat): RemoteFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const refuse = (problem: string) => new KandidError('hub_unfit', { source: name, problem });
  const missing = NEEDED.find((path) => !byPath.has(path));
  if (missing) throw refuse(`${missing} is missing; expected a CLIP or SigLIP in the ONNX layout of transformers.js`);
  const graphs = (format ? [format] : CLIP_FORMATS).map((one) => graphsOf(SUFFIXES[one], byPath)).find((all) => all);
  if (!graphs) {
    const there = files.flatMap(({ path }) => /^onnx\/(.*)\.onnx$/.exec(path)?.[1] ?? []);
    throw refuse(`it has the graphs ${there.join(', ') || 'none'}; expected text_model and vision_model`);
  }
  const texts = [...NEEDED, ...WELCOME].flatMap((path) => byPath.get(path) ?? []);
  return [...texts, ...graphs];
}

function graphsOf(suffix: string, byPath: ReadonlyMap<string, RemoteFile>): RemoteFile[] | null {
  const of = (graph: string) => {
    const path = `onnx/${graph}${suffix}.onnx`;
    const found = byPath.get(path);
    // Weights of large graphs lie in files of their own.
    return found ? [found, ...[...byPath.values()].filter((file) => file.path.startsWith(`${path}_data`))] : null;
  };
  const [text, vision, joint] = ['text_model', 'vision_model', 'model'].map(of);
  return text && vision ? [...text, ...vision] : (joint ?? null);
}
