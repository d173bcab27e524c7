/** Forms and JSON as OpenAI's clients write them, turned into what the schemas check. */

/** Fields that are lists on the wire as `name` (once or again), `name[]` and `name[0]`. */
const LISTS = ['image', 'mask'];
const NUMBERS = ['n', 'output_compression', 'partial_images', 'seed', 'frame_count', 'frame_duration_ms'];
const BOOLEANS = ['stream', 'whole'];
/** Texts in which every word may be meant. */
const WORDS = ['prompt', 'user'];

/** A form as a body: lists gathered, and texts that stand for numbers and booleans as these. */
export function fromForm(parts: readonly { readonly name: string; readonly value: string | Uint8Array }[]) {
  const body: Record<string, unknown> = {};
  for (const { name: given, value } of parts) {
    const name = given.replace(/\[\w*\]$/, '');
    if (!LISTS.includes(name)) body[name] = typeof value === 'string' ? plainValue(name, value) : value;
    else body[name] = [...((body[name] as unknown[] | undefined) ?? []), value];
  }
  return withoutNulls(body);
}

/** What is meant by a text where a number or a boolean belongs; Python writes True, None and 1.0. */
function plainValue(name: string, text: string): unknown {
  if (!WORDS.includes(name) && /^(null|none|)$/i.test(text)) return null;
  if (BOOLEANS.includes(name) && /^(true|false|1|0)$/i.test(text)) return /^(true|1)$/i.test(text);
  return NUMBERS.includes(name) && /^\d{1,16}(\.0*)?$/.test(text) ? Number(text) : text;
}

/** null means left out, but where a text must stand. */
export function withoutNulls(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => value !== null || WORDS.includes(name)));
}
