/**
 * Values that the opcode machine builds from a pickle: plain data, and placeholders for everything that Python would
 * call or build.
 */

/** Bytes that stay in the file. */
export class ByteRange {
  readonly offset: number;
  readonly length: number;

  constructor(offset: number, length: number) {
    this.offset = offset;
    this.length = length;
  }
}

export class PickleList {
  readonly items: PickleValue[] = [];
}

export class PickleSet {}

/** The name of a class or function; it is never looked up. */
export class GlobalName {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** A call that Python would make: its arguments and state are kept, nothing is called. */
export class Call {
  readonly callee: GlobalName;
  readonly args: readonly PickleValue[];
  state: PickleValue = null;
  #entries: PickleDict | null = null;

  constructor(callee: GlobalName, args: readonly PickleValue[]) {
    this.callee = callee;
    this.args = args;
  }

  /** Entries of an instance of a dictionary class. */
  ownEntries(): PickleDict {
    this.#entries ??= new Map();
    return this.#entries;
  }
}

/** A persistent id, which refers to data outside the pickle. */
export class PersistentId {
  readonly id: PickleValue;

  constructor(id: PickleValue) {
    this.id = id;
  }
}

/** Values of a tensor's storage: little-endian numbers in the file. */
export class Storage {
  /** Name in torch: FloatStorage, LongStorage. */
  readonly kind: string;
  readonly offset: number;
  readonly count: number;

  constructor(kind: string, offset: number, count: number) {
    this.kind = kind;
    this.offset = offset;
    this.count = count;
  }
}

export type PickleDict = Map<PickleValue, PickleValue>;

/** A tuple is a plain array. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | ByteRange
  | PickleList
  | PickleSet
  | PickleDict
  | GlobalName
  | Call
  | PersistentId
  | Storage
  | readonly PickleValue[];

/** The kind of a value, for messages. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (value instanceof Call) return value.callee.path;
  if (value instanceof GlobalName) return `the name ${value.path}`;
  if (value instanceof Map) return 'a dict';
  if (value instanceof PickleList) return 'a list';
  if (value instanceof PickleSet) return 'a set';
  if (value instanceof ByteRange) return 'bytes';
  if (value instanceof Storage) return "a tensor's storage";
  if (value instanceof PersistentId) return 'a persistent id';
  if (typeof value === 'object') return 'a tuple';
  return typeof value === 'string' ? 'a text' : `${value}`;
}
