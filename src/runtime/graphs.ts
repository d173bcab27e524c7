/** Inputs and outputs that model.json requires of the graphs; a graph that differs is refused. */
import { KandidError } from '../errors.ts';
import { type PyramidManifest, previewSides } from './manifest.ts';
import type { Session, TensorSpec } from './session.ts';

type Dim = number | 'batch';
type Expected = readonly [name: string, type: 'float32' | 'int64', dims: readonly Dim[]];

/**
 * Level n takes `features`, `predict` and `choice` of level n − 1 (level 0: `batch`, one number) and the condition if
 * there is one; its outputs are `next_features` and `candidates`.
 *
 * @throws {KandidError} bundle_graph
 */
export function checkLevelGraph(session: Session, manifest: PyramidManifest, level: number, file: string): void {
  const { channels, levels } = manifest;
  const own = levelOf(manifest, level);
  const outputs: Expected[] = [
    ['candidates', 'float32', ['batch', own.candidates, channels, own.side, own.side]],
    // The last level's features are not used, so its graph may omit them.
    ...(level === levels.length - 1 ? [] : [nextFeatures(own)]),
  ];
  check(session, [...stateOf(manifest, level), ...conditionOf(manifest)], outputs, manifest, file);
}

/** Inputs of a level's graph from the previous level. */
function stateOf(manifest: PyramidManifest, level: number): Expected[] {
  if (level === 0) return [['batch', 'int64', [1]]];
  const { side, width } = levelOf(manifest, level - 1);
  return [
    ['features', 'float32', ['batch', width, side, side]],
    ['predict', 'float32', ['batch', manifest.channels, side, side]],
    ['choice', 'int64', ['batch']],
  ];
}

/**
 * decode.onnx takes `codes` [batch, L] (and the condition); its outputs are `image`, and `preview_SIDE` for each
 * smaller side.
 *
 * @throws {KandidError} bundle_graph
 */
export function checkDecodeGraph(session: Session, manifest: PyramidManifest, file: string): void {
  const { channels, levels } = manifest;
  const { side } = levelOf(manifest, levels.length - 1);
  const inputs: Expected[] = [['codes', 'int64', ['batch', levels.length]], ...conditionOf(manifest)];
  const previews = previewSides(manifest).map(
    (small): Expected => [`preview_${small}`, 'float32', ['batch', channels, small, small]],
  );
  check(session, inputs, [['image', 'float32', ['batch', channels, side, side]], ...previews], manifest, file);
}

/**
 * prior-SIDE.onnx takes `features` and `place` of a level of that side and the candidate chosen before it as `predict`
 * (and the condition); its outputs are `log_prior` [batch, K] and `estimate`.
 *
 * @throws {KandidError} bundle_graph
 */
export function checkPriorGraph(session: Session, manifest: PyramidManifest, side: number, file: string): void {
  const { channels, levels } = manifest;
  const own = levels.find((level) => level.side === side);
  if (!own) throw new RangeError(`no level of ${side} px`);
  const inputs: Expected[] = [
    ['features', 'float32', ['batch', own.width, side, side]],
    ['predict', 'float32', ['batch', channels, 'batch', 'batch']],
    ['place', 'int64', [1]],
    ...conditionOf(manifest),
  ];
  const outputs: Expected[] = [
    ['log_prior', 'float32', ['batch', own.candidates]],
    ['estimate', 'float32', ['batch', channels, side, side]],
  ];
  check(session, inputs, outputs, manifest, file);
}

/**
 * descend-SIDE.onnx takes `noise` [batch, n, K] for the n levels of that side, and the inputs of the first level's
 * graph; its outputs are `codes`, `log_prior` of the choices, the chosen candidate of every level, and the last level's
 * `next_features`.
 *
 * @throws {KandidError} bundle_graph
 */
export function checkDescendGraph(session: Session, manifest: PyramidManifest, side: number, file: string): void {
  const { channels } = manifest;
  const first = manifest.levels.findIndex((level) => level.side === side);
  const own = manifest.levels.filter((level) => level.side === side);
  if (!own[0]) throw new RangeError(`no level of ${side} px`);
  const inputs: Expected[] = [
    ['noise', 'float32', ['batch', own.length, own[0].candidates]],
    ...(first === 0 ? [] : stateOf(manifest, first)),
    ...conditionOf(manifest),
  ];
  const images = own.map((_, at): Expected => [levelImage(first + at), 'float32', ['batch', channels, side, side]]);
  const outputs: Expected[] = [
    ['codes', 'int64', ['batch', own.length]],
    ['log_prior', 'float32', ['batch', own.length]],
    nextFeatures(own[0]),
    ...images,
  ];
  check(session, inputs, outputs, manifest, file);
}

/** Output of descend-SIDE.onnx: the candidate chosen at a level. */
export function levelImage(level: number): string {
  return `level_${String(level).padStart(2, '0')}`;
}

function nextFeatures({ width, side }: PyramidManifest['levels'][number]): Expected {
  return ['next_features', 'float32', ['batch', width, side, side]];
}

function conditionOf(manifest: PyramidManifest): Expected[] {
  if (!manifest.condition) return [];
  const { side } = levelOf(manifest, manifest.levels.length - 1);
  return [['condition', 'float32', ['batch', manifest.condition.channels, side, side]]];
}

function levelOf({ levels }: PyramidManifest, level: number): PyramidManifest['levels'][number] {
  const found = levels[level];
  if (!found) throw new RangeError(`level ${level} of ${levels.length}`);
  return found;
}

function check(
  session: Session,
  inputs: readonly Expected[],
  outputs: readonly Expected[],
  manifest: PyramidManifest,
  file: string,
): void {
  const refuse = (what: string, got: string, expected: string) =>
    new KandidError('bundle_graph', { bundle: manifest.name, file, what, got, expected });
  for (const [kind, found, expected] of [
    ['input', session.inputs, inputs],
    ['output', session.outputs, outputs],
  ] as const)
    for (const wanted of expected) {
      const spec = found.find(({ name }) => name === wanted[0]);
      if (!spec || !fits(spec, wanted))
        throw refuse(`${kind} "${wanted[0]}"`, describe(spec), describeExpected(wanted));
    }
  const names = inputs.map(([name]) => name);
  const extra = session.inputs.find(({ name }) => !names.includes(name));
  if (extra) throw refuse(`input "${extra.name}"`, describe(extra), `only ${names.join(', ')}`);
}

/** A dim that the graph leaves free or unnamed is compatible. */
function fits({ type, dims }: TensorSpec, [, wantedType, wantedDims]: Expected): boolean {
  if (type !== wantedType) return false;
  if (dims.length === 0) return true;
  return (
    dims.length === wantedDims.length &&
    dims.every((dim, axis) => {
      const wanted = wantedDims[axis];
      return wanted === 'batch' ? typeof dim === 'string' : typeof dim === 'string' || dim === wanted;
    })
  );
}

function describe(spec: TensorSpec | undefined): string {
  return spec ? `${spec.type} [${spec.dims.join(', ')}]` : 'missing';
}

function describeExpected([, type, dims]: Expected): string {
  return `${type} [${dims.join(', ')}]`;
}
