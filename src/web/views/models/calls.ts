/** Shows a recipe as API calls. */
import { promptOf, type Recipe } from '../../state/recipe.ts';

export interface CallOptions {
  readonly recipe: Recipe;
  /** Base URL of the server. */
  readonly origin: string;
  readonly hasKey: boolean;
}

/** Longer strings are pictures, and are replaced by a placeholder. */
const LONGEST_TEXT = 300;
const PICTURE = 'BASE64 OF YOUR PICTURE';
/** Largest n of OpenAI's API. */
const MAX_OPENAI = 10;

/** The request body, without default values. */
export function requestBody({
  model,
  guides,
  count,
  seed,
  sampler,
  prefix,
}: Recipe): Readonly<Record<string, unknown>> {
  return {
    ...(model === undefined ? {} : { model }),
    guides: guides.map(({ name, weight, params }) => ({
      name,
      ...(weight === 1 ? {} : { weight }),
      params: Object.fromEntries(Object.entries(params).map(([key, value]) => [key, shortened(value)])),
    })),
    ...(count === 1 ? {} : { count }),
    ...(seed === null ? {} : { seed }),
    ...(Object.keys(sampler).length > 0 ? { sampler } : {}),
    ...(prefix ? { prefix: [prefix] } : {}),
  };
}

/** Whether pictures were replaced by placeholders. */
export function needsPictures({ guides }: Recipe): boolean {
  return guides.some(({ params }) => Object.values(params).some((value) => shortened(value) !== value));
}

function shortened(value: unknown): unknown {
  return typeof value === 'string' && value.length > LONGEST_TEXT ? PICTURE : value;
}

export function curlCall({ recipe, origin, hasKey }: CallOptions): string {
  return [
    `curl -s ${origin}/v1/generate -H 'content-type: application/json' \\`,
    ...(hasKey ? [`  -H "authorization: Bearer $KANDID_KEY" \\`] : []),
    `  --data-binary @- <<'JSON' | jq -r '.images[].url'`,
    formatted(requestBody(recipe)),
    'JSON',
  ].join('\n');
}

export function typescriptCall({ recipe, origin, hasKey }: CallOptions): string {
  const key = hasKey ? ', key: process.env.KANDID_KEY' : '';
  return `import { writeFile } from 'node:fs/promises';
import { KandidClient } from 'kandid/client';

const client = new KandidClient({ url: '${origin}'${key} });
const { images } = await client.pictures(${formatted(requestBody(recipe))});
for (const { codeString, base64 = '' } of images) await writeFile(\`\${codeString}.png\`, base64, 'base64');`;
}

/** OpenAI's API supports only prompts. */
export function pythonCall({ recipe, origin, hasKey }: CallOptions): string {
  const { model, count, seed, guides } = recipe;
  const prompt = promptOf(recipe);
  const hasOthers = guides.some(({ name }) => name !== 'text') || recipe.prefix !== undefined;
  return [
    ...(hasKey ? ['import os', ''] : []),
    ...['from openai import OpenAI', ''],
    `client = OpenAI(base_url="${origin}/v1", api_key=${hasKey ? 'os.environ["KANDID_KEY"]' : '"none"'})`,
    ...(hasOthers ? ["# OpenAI's API supports only prompts: all other guides are left out."] : []),
    ...(prompt ? [] : ['# A prompt is required.']),
    'answer = client.images.generate(',
    ...(model === undefined ? [] : [`    model=${JSON.stringify(model)},`]),
    `    prompt=${JSON.stringify(prompt || 'a person')},`,
    `    n=${Math.min(count, MAX_OPENAI)},`,
    '    size="512x512",',
    '    response_format="url",',
    ...(seed === null ? [] : [`    extra_body={"seed": ${seed}},`]),
    ')',
    'for picture in answer.data:',
    '    print(picture.url)',
  ].join('\n');
}

/** JSON with short values on one line. */
function formatted(value: unknown, indent = ''): string {
  const flat = JSON.stringify(value).replaceAll('":', '": ').replaceAll(',"', ', "');
  if (typeof value !== 'object' || value === null || flat.length + indent.length < 70) return flat;
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = Object.entries(value).map(([key, one]) =>
    isList ? formatted(one, inner) : `${JSON.stringify(key)}: ${formatted(one, inner)}`,
  );
  return `${isList ? '[' : '{'}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${isList ? ']' : '}'}`;
}
