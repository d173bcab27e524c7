/** Converts forms and JSON as OpenAI clients write them to what the schemas check. */

/** Fields that are lists on the wire, as `name` (repeatable), `name[]` or `name[0]`. */
const LISTS = ['image', 'mask'];
const NUMBERS = ['n', 'output_compression', 'partial_images', 'seed', 'frame_count', 'frame_duration_ms'];
const BOOLEANS = ['stream', 'whole'];
/** Free text, in which words such as "null" are taken literally. */
const WORDS = ['prompt', 'user'];

/** Converts a form to a body: collects lists, and converts texts that stand for numbers and booleans. */
export function fromForm(parts: readonly { readonly name: string; readonly value: string | Uint8Array }[]) {
  const body: Record<string, unknown> = {};
  for (const { name: given, value } of parts) {
    const name = given.replace(/\[\w*\]$/, '');
    if (!LISTS.includes(name)) body[name] = typeof value === 'string' ? plainValue(name, value) : value;
    else body[name] = [...((body[name] as unknown[] | undefined) ?? []), value];
  }
  return withoutNulls(body);
}

/** Parses a text where a number or a boolean is expected; Python writes True, None and 1.0. */
function plainValue(name: string, text: string): unknown {
  if (!WORDS.includes(name) && /^(null|none|)$/i.test(text)) return null;
  if (BOOLEANS.includes(name) && /^(true|false|1|0)$/i.test(text)) return /^(true|1)$/i.test(text);
  return NUMBERS.includes(name) && /^\d{1,16}(\.0*)?$/.test(text) ? Number(text) : text;
}

/** Drops fields that are null (omitted), except free text. */
export function withoutNulls(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => value !== null || WORDS.includes(name)));
}
