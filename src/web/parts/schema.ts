/** Maps a JSON Schema to the kind of form field. */

export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly contentEncoding?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

export type Kind = 'picture' | 'choice' | 'switch' | 'number' | 'text' | 'texts' | 'json';

export function kindOf(schema: Schema): Kind {
  if (schema.contentEncoding === 'base64') return 'picture';
  if (schema.enum) return 'choice';
  if (schema.type === 'boolean') return 'switch';
  if (schema.type === 'number' || schema.type === 'integer') return 'number';
  if (schema.type === 'string') return 'text';
  if (schema.type === 'array' && schema.items?.type === 'string') return 'texts';
  // Of several alternatives, the form shows the simplest.
  if (schema.anyOf?.some(({ type }) => type === 'string')) return 'text';
  if (schema.anyOf?.some((one) => kindOf(one) === 'texts')) return 'texts';
  return 'json';
}

/** `negativeWeight` → `negative weight`. */
export function nameInWords(name: string): string {
  return name.replaceAll('_', ' ').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

export function fieldsOf(params: Readonly<Record<string, unknown>>): {
  needed: string[];
  others: string[];
  all: Record<string, Schema>;
} {
  const { properties = {}, required = [] } = params as Schema;
  // zod lists fields with a default as required in its output schema; the server fills them in.
  const needed = Object.keys(properties).filter(
    (name) => required.includes(name) && properties[name]?.default === undefined,
  );
  const others = Object.keys(properties).filter((name) => !needed.includes(name));
  return { needed, others, all: { ...properties } };
}
