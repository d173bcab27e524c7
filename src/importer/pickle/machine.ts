/**
 * An opcode machine for pickles that executes nothing: names of classes and functions stay names, calls become records
 * of their arguments, byte strings stay in the file. Anything that a dialect does not list is refused.
 */
import type { ByteSource } from './byte-source.ts';
import { opcodeName } from './opcodes.ts';
import { CheckpointProblem } from './problem.ts';
import {
  ByteRange,
  Call,
  GlobalName,
  kindOf,
  PersistentId,
  type PickleDict,
  PickleList,
  PickleSet,
  type PickleValue,
} from './values.ts';

/** The allowed contents of a pickle. */
export interface Dialect {
  readonly protocol: number;
  /** Allowed opcodes, by name (`opcodes.ts`). */
  readonly opcodes: ReadonlySet<string>;
  /** Allowed names, as `module.name`. */
  readonly globals: ReadonlySet<string>;
  /** Replaces a call with a value. @default a record of callee and arguments */
  call?(callee: GlobalName, args: readonly PickleValue[], source: ByteSource): PickleValue | undefined;
}

/** Several times what FFHQ-64 needs; even a file made of opcodes only takes a few hundred megabytes at most. */
const MAX_OPCODES = 6_000_000;
const MAX_CONTAINERS = 1_000_000;
const MAX_STACKED = 1_000_000;
const LONGEST_TEXT = 8 * 2 ** 20;
const MAX_TEXT = 64 * 2 ** 20;

const MARK = Symbol('mark');

/** Reads one pickle, up to its STOP. @throws {CheckpointProblem} */
export function unpickle(source: ByteSource, dialect: Dialect): PickleValue {
  return new Machine(source, dialect).run();
}

class Machine {
  readonly source: ByteSource;
  readonly dialect: Dialect;
  readonly #stack: (PickleValue | typeof MARK)[] = [];
  readonly #memo: PickleValue[] = [];
  #containers = 0;
  #text = 0;

  constructor(source: ByteSource, dialect: Dialect) {
    this.source = source;
    this.dialect = dialect;
  }

  run(): PickleValue {
    for (let count = 0; count < MAX_OPCODES; count++) {
      const code = this.source.byte();
      const name = opcodeName(code);
      const act = ACTIONS[name];
      if (!act || !this.dialect.opcodes.has(name)) throw this.problem(this.#refusedOpcode(name));
      if (count === 0 && name !== 'PROTO') throw this.problem('it does not begin like a pickle');
      if (name === 'STOP') return this.#result();
      act(this);
    }
    throw this.problem(`it has more than ${MAX_OPCODES} opcodes`);
  }

  problem(what: string): CheckpointProblem {
    return new CheckpointProblem(what, this.source.position);
  }

  push(value: PickleValue): void {
    if (this.#stack.length >= MAX_STACKED) throw this.problem(`more than ${MAX_STACKED} values are stacked`);
    this.#stack.push(value);
  }

  /** Pushes a value that takes memory of its own. */
  pushNew(value: PickleValue): void {
    this.#containers += 1;
    if (this.#containers > MAX_CONTAINERS) throw this.problem(`it has more than ${MAX_CONTAINERS} objects`);
    this.push(value);
  }

  mark(): void {
    if (this.#stack.length >= MAX_STACKED) throw this.problem(`more than ${MAX_STACKED} values are stacked`);
    this.#stack.push(MARK);
  }

  pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw this.problem('an opcode finds no value to take');
    return value;
  }

  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw this.problem('an opcode finds no value to look at');
    return value;
  }

  /** Pops all values since the last mark, and the mark. */
  popToMark(): PickleValue[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) throw this.problem('an opcode finds no mark');
    const values = this.#stack.splice(at + 1) as PickleValue[];
    this.#stack.pop();
    return values;
  }

  get memoSize(): number {
    return this.#memo.length;
  }

  put(index: number): void {
    this.#memo[index] = this.top();
  }

  get(index: number): void {
    const value = this.#memo[index];
    if (value === undefined) throw this.problem(`it recalls value ${index}, which was never kept`);
    this.push(value);
  }

  readText(length: number): string {
    if (length > LONGEST_TEXT) throw this.problem(`a text of ${length} bytes is longer than ${LONGEST_TEXT}`);
    this.#text += length;
    if (this.#text > MAX_TEXT) throw this.problem(`its texts are longer than ${MAX_TEXT} bytes together`);
    return this.source.bytes(length).toString('utf8');
  }

  readLine(): string {
    let line = '';
    for (let byte = this.source.byte(); byte !== 10; byte = this.source.byte()) {
      if (line.length > 200) throw this.problem('a name is longer than 200 characters');
      line += String.fromCharCode(byte);
    }
    return line;
  }

  /** @throws {CheckpointProblem} with the name, if it is not allowed */
  global(module: PickleValue, name: PickleValue): GlobalName {
    if (typeof module !== 'string' || typeof name !== 'string')
      throw this.problem(`it asks for a name made of ${kindOf(module)} and ${kindOf(name)}`);
    const global = new GlobalName(module, name);
    if (!this.dialect.globals.has(global.path))
      throw this.problem(`it asks for ${global.path.slice(0, 200)}, which no checkpoint needs`);
    return global;
  }

  call(callee: PickleValue, args: PickleValue): PickleValue {
    if (!(callee instanceof GlobalName)) throw this.problem(`it calls ${kindOf(callee)}`);
    if (!isTuple(args)) throw this.problem(`it calls ${callee.path} with ${kindOf(args)}`);
    return this.dialect.call?.(callee, args, this.source) ?? new Call(callee, args);
  }

  #result(): PickleValue {
    const value = this.pop();
    if (this.#stack.length > 0) throw this.problem('it ends with values left over');
    return value;
  }

  #refusedOpcode(name: string): string {
    if (name !== 'GLOBAL' && name !== 'INST') return `it has the opcode ${name}, which no checkpoint needs`;
    return `it asks for ${this.readLine()}.${this.readLine()} by the opcode ${name}, which no checkpoint needs`;
  }
}

function isTuple(value: PickleValue): value is readonly PickleValue[] {
  return Array.isArray(value);
}

/** Pushes bytes that stay in the file. */
function pushBytes(machine: Machine, length: number): void {
  const { position } = machine.source;
  machine.source.skip(length);
  machine.pushNew(new ByteRange(position, length));
}

/** An eight-byte length; one that no file can have is refused before conversion to a number. */
function longLength(machine: Machine): number {
  const length = machine.source.bytes(8).readBigUInt64LE();
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw machine.problem(`it announces ${length} bytes`);
  return Number(length);
}

/** A little-endian two's complement number of 0 to 255 bytes. */
function longInteger(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
  const signed = BigInt.asIntN(Math.max(8, 8 * bytes.length), value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

function append(machine: Machine, values: readonly PickleValue[]): void {
  const list = machine.top();
  if (!(list instanceof PickleList)) throw machine.problem(`it appends to ${kindOf(list)}`);
  for (const value of values) list.items.push(value);
}

const DICTIONARIES: ReadonlySet<string> = new Set(['dnnlib.util.EasyDict']);

function setItems(machine: Machine, pairs: readonly PickleValue[]): void {
  const target = machine.top();
  const isOwn = target instanceof Call && DICTIONARIES.has(target.callee.path);
  if (!(target instanceof Map) && !isOwn) throw machine.problem(`it sets items of ${kindOf(target)}`);
  if (pairs.length % 2 === 1) throw machine.problem('it sets a key without a value');
  const entries: PickleDict = target instanceof Map ? target : (target as Call).ownEntries();
  for (let i = 0; i < pairs.length; i += 2) {
    const key = pairs[i] as PickleValue;
    if (key instanceof Map || key instanceof PickleList || key instanceof PickleSet)
      throw machine.problem(`${kindOf(key)} cannot be a key`);
    entries.set(key, pairs[i + 1] as PickleValue);
  }
}

function build(machine: Machine): void {
  const state = machine.pop();
  const target = machine.top();
  if (!(target instanceof Call)) throw machine.problem(`it sets the state of ${kindOf(target)}`);
  target.state = state;
}

function tuple(machine: Machine, length: number): void {
  const items: PickleValue[] = [];
  for (let i = 0; i < length; i++) items.unshift(machine.pop());
  machine.pushNew(items);
}

const ACTIONS: Readonly<Record<string, (machine: Machine) => void>> = {
  PROTO: (machine) => {
    const protocol = machine.source.byte();
    const { protocol: expected } = machine.dialect;
    if (protocol !== expected) throw machine.problem(`it is a pickle of protocol ${protocol}, expected ${expected}`);
  },
  // Frames only help to read ahead; one that extends past the end is reported with its length.
  FRAME: (machine) => {
    const length = longLength(machine);
    if (length > machine.source.left) throw machine.problem(`a frame of ${length} bytes leads past the end`);
  },
  STOP: () => {},
  MARK: (machine) => machine.mark(),
  NONE: (machine) => machine.push(null),
  NEWTRUE: (machine) => machine.push(true),
  NEWFALSE: (machine) => machine.push(false),
  BININT: (machine) => machine.push(machine.source.bytes(4).readInt32LE()),
  BININT1: (machine) => machine.push(machine.source.byte()),
  BININT2: (machine) => machine.push(machine.source.bytes(2).readUInt16LE()),
  LONG1: (machine) => machine.push(longInteger(machine.source.bytes(machine.source.byte()))),
  BINFLOAT: (machine) => machine.push(machine.source.bytes(8).readDoubleBE()),
  SHORT_BINUNICODE: (machine) => machine.push(machine.readText(machine.source.byte())),
  BINUNICODE: (machine) => machine.push(machine.readText(machine.source.bytes(4).readUInt32LE())),
  SHORT_BINBYTES: (machine) => pushBytes(machine, machine.source.byte()),
  BINBYTES: (machine) => pushBytes(machine, machine.source.bytes(4).readUInt32LE()),
  BINBYTES8: (machine) => pushBytes(machine, longLength(machine)),
  EMPTY_LIST: (machine) => machine.pushNew(new PickleList()),
  EMPTY_TUPLE: (machine) => machine.pushNew([]),
  EMPTY_DICT: (machine) => machine.pushNew(new Map()),
  EMPTY_SET: (machine) => machine.pushNew(new PickleSet()),
  APPEND: (machine) => append(machine, [machine.pop()]),
  APPENDS: (machine) => append(machine, machine.popToMark()),
  SETITEM: (machine) => {
    const value = machine.pop();
    const key = machine.pop();
    setItems(machine, [key, value]);
  },
  SETITEMS: (machine) => setItems(machine, machine.popToMark()),
  TUPLE: (machine) => machine.pushNew(machine.popToMark()),
  TUPLE1: (machine) => tuple(machine, 1),
  TUPLE2: (machine) => tuple(machine, 2),
  TUPLE3: (machine) => tuple(machine, 3),
  BINGET: (machine) => machine.get(machine.source.byte()),
  LONG_BINGET: (machine) => machine.get(machine.source.bytes(4).readUInt32LE()),
  BINPUT: (machine) => machine.put(machine.source.byte()),
  MEMOIZE: (machine) => machine.put(machine.memoSize),
  GLOBAL: (machine) => {
    const module = machine.readLine();
    machine.push(machine.global(module, machine.readLine()));
  },
  STACK_GLOBAL: (machine) => {
    const name = machine.pop();
    machine.pushNew(machine.global(machine.pop(), name));
  },
  REDUCE: (machine) => {
    const args = machine.pop();
    machine.pushNew(machine.call(machine.pop(), args));
  },
  NEWOBJ: (machine) => {
    const args = machine.pop();
    machine.pushNew(machine.call(machine.pop(), args));
  },
  BUILD: build,
  BINPERSID: (machine) => machine.pushNew(new PersistentId(machine.pop())),
};
