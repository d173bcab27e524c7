/** What an ONNX graph consists of: parts that are written, and parts of a file that are copied unchanged. */

export type DataType = 'float32' | 'float16' | 'int64';

/** Location of a tensor in a separate file. */
export interface ExternalData {
  readonly file: string;
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
}

export interface Initializer {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  /** Its bytes in little-endian order, or their location. */
  readonly data: Uint8Array | ExternalData;
}

export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface OperatorNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A message of a file that is copied unchanged. */
export interface Stored {
  readonly bytes: Uint8Array;
}

export interface StoredNode extends Stored, Pick<OperatorNode, 'operator' | 'inputs' | 'outputs'> {}

export interface StoredTensor extends Stored, Pick<Initializer, 'name' | 'dims'> {
  /** Null: another one. */
  readonly type: DataType | null;
}

export interface StoredPort extends Stored, Pick<Port, 'name'> {}

/** An input or output; a string in `dims` names a free size. */
export interface Port {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly (number | string)[];
}

export interface GraphParts {
  readonly name: string;
  /** In topological order. */
  readonly nodes: readonly (OperatorNode | StoredNode)[];
  readonly initializers: readonly (Initializer | StoredTensor)[];
  readonly inputs: readonly (Port | StoredPort)[];
  readonly outputs: readonly (Port | StoredPort)[];
}

/** A graph read from a file. */
export interface StoredGraph extends GraphParts {
  readonly opset: number;
  readonly nodes: readonly StoredNode[];
  readonly initializers: readonly StoredTensor[];
  readonly inputs: readonly StoredPort[];
  readonly outputs: readonly StoredPort[];
}
