/** A network module in a checkpoint: reads its fields, submodules and tensors, and reports what is missing. */
import { readSync } from 'node:fs';
import { CheckpointProblem } from './problem.ts';
import { type StoredFloats, storedFloats } from './tensor.ts';
import { ByteRange, Call, kindOf, type PickleDict, PickleList, type PickleValue } from './values.ts';

export class ModuleNode {
  /** Path in the checkpoint, for messages: `ema.model.block_1x1_0`. */
  readonly path: string;
  readonly #state: PickleDict;
  readonly #meta: PickleDict | null;

  /** @throws {CheckpointProblem} if the value is not a module */
  constructor(value: PickleValue | undefined, path: string) {
    this.path = path;
    const [meta] = value instanceof Call && value.callee.name === '_reconstruct_persistent_obj' ? value.args : [];
    this.#meta = meta instanceof Map ? meta : null;
    const state = this.#meta ? this.#meta.get('state') : value instanceof Call ? value.state : null;
    if (!(state instanceof Map)) throw new CheckpointProblem(`${path} is ${kindOf(value)}, expected a module`);
    this.#state = state;
  }

  /** The source code stored with it, as text; never executed. */
  get source(): string {
    const source = this.#meta?.get('module_src');
    return typeof source === 'string' ? source : '';
  }

  field(name: string): PickleValue | undefined {
    return this.#state.get(name);
  }

  /** @throws {CheckpointProblem} */
  integer(name: string, least: number, most: number): number {
    const value = this.field(name);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw this.#refuse(`${name} is ${kindOf(value)}, expected a whole number from ${least} to ${most}`);
    return value;
  }

  /** @throws {CheckpointProblem} */
  texts(name: string, most: number): string[] {
    const value = this.field(name);
    const items = value instanceof PickleList ? value.items : null;
    const isText = (one: PickleValue): one is string => typeof one === 'string' && one.length <= 200;
    if (!items || items.length > most || !items.every(isText))
      throw this.#refuse(`${name} is ${kindOf(value)}, expected a list of at most ${most} names`);
    return [...items];
  }

  /** Refuses a setting that no published checkpoint has. @throws {CheckpointProblem} */
  expectOff(name: string): void {
    const value = this.field(name);
    const items = value instanceof PickleList ? value.items.length : value instanceof Map ? value.size : 0;
    const isOff = value === undefined || value === null || value === false || value === 0 || typeof value === 'object';
    if (!isOff || items > 0) throw this.#refuse(`${name} is set, which no published checkpoint has`);
  }

  /** A double stored as a number or a numpy scalar. */
  double(name: string, file: number): number {
    const value = this.field(name);
    if (typeof value === 'number') return value;
    const [type, bytes] = value instanceof Call && value.callee.name === 'scalar' ? value.args : [];
    const isDouble = type instanceof Call && type.callee.path === 'numpy.dtype' && type.args[0] === 'f8';
    if (!isDouble || !(bytes instanceof ByteRange) || bytes.length !== 8)
      throw this.#refuse(`${name} is ${kindOf(value)}, expected a number`);
    const buffer = Buffer.alloc(8);
    readSync(file, buffer, 0, 8, bytes.offset);
    return buffer.readDoubleLE();
  }

  /** Names of its submodules. */
  get parts(): string[] {
    const parts = this.#group('_modules');
    return [...(parts?.keys() ?? [])].filter((name): name is string => typeof name === 'string');
  }

  has(name: string): boolean {
    return this.#group('_modules')?.get(name) instanceof Call;
  }

  /** @throws {CheckpointProblem} if there is no submodule of this name */
  part(name: string): ModuleNode {
    return new ModuleNode(this.#group('_modules')?.get(name), `${this.path}.${name}`);
  }

  /**
   * A parameter or buffer; null if it is None or missing. @throws {CheckpointProblem} if it is not a float32 tensor
   */
  tensorOrNull(name: string): StoredFloats | null {
    const value = this.#group('_parameters')?.get(name) ?? this.#group('_buffers')?.get(name) ?? null;
    return value === null ? null : storedFloats(value, `${this.path}.${name}`);
  }

  /** @throws {CheckpointProblem} if it is missing or has another shape */
  tensor(name: string, shape: readonly number[]): StoredFloats {
    const found = this.tensorOrNull(name);
    if (!found) throw this.#refuse(`${name} is missing`);
    const fits = found.shape.length === shape.length && shape.every((dim, axis) => dim === found.shape[axis]);
    if (!fits) throw this.#refuse(`${name} has the shape [${found.shape.join(', ')}], expected [${shape.join(', ')}]`);
    return found;
  }

  #group(name: '_modules' | '_parameters' | '_buffers'): PickleDict | null {
    const group = this.#state.get(name);
    return group instanceof Map ? group : null;
  }

  #refuse(problem: string): CheckpointProblem {
    return new CheckpointProblem(`${this.path}.${problem}`);
  }
}
