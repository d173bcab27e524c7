/** Converts form fields to the objects that JSON bodies have. */
import { z } from 'zod';
import { KandidError } from '../../errors.ts';
import { JsonProblem, parseJson, REQUEST_JSON } from '../../kit/json.ts';
import type { FormPart } from './multipart.ts';

type JsonSchema = { readonly [key: string]: unknown };

/**
 * Fields by name. A field stays text if its schema accepts a string, else it is parsed as JSON (numbers, objects,
 * lists).
 */
export function formBody(schema: z.ZodType, parts: readonly FormPart[]): Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const body: Record<string, unknown> = {};
  for (const { name, value } of parts) {
    const field = (problem: string) =>
      new KandidError('params_invalid', { subject: 'The form', field: name.slice(0, 100), problem });
    if (Object.hasOwn(body, name)) throw field('it is given twice');
    const property = Object.hasOwn(properties, name) ? (properties[name] as JsonSchema) : {};
    body[name] = typeof value === 'string' && !takesText(property) ? fromText(value, field) : value;
  }
  return body;
}

function takesText({ type, anyOf, enum: values }: JsonSchema): boolean {
  if (Array.isArray(anyOf)) return anyOf.some((one: JsonSchema) => takesText(one));
  return type === 'string' || Array.isArray(values) || (type === undefined && anyOf === undefined);
}

function fromText(text: string, refuse: (problem: string) => KandidError): unknown {
  try {
    return parseJson(text, REQUEST_JSON);
  } catch (thrown) {
    if (!(thrown instanceof JsonProblem)) throw thrown;
    throw refuse(`expected JSON (a number, true or false, an object or a list), but ${thrown.message}`);
  }
}
