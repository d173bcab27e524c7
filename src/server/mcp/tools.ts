/** The tools: each translates its arguments to the body of a native route. */
import type { CallToolResult, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { paramsError } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import { nameHint } from '../../kit/nearest-names.ts';
import { readProvenance } from '../../pictures/provenance.ts';
import type { Work } from '../../worker/messages.ts';
import { candidateCountsOf, infoOf, modelOf, wholeCode } from '../models.ts';
import { generationAt } from '../routes/generate.ts';
import { ended, perform, type ToolUse } from './perform.ts';
import { pictureAt } from './pictures.ts';
import { editInput, generateInput, guidesInput, infoInput, nothing, upscaleInput, varyInput } from './schemas.ts';

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  /** JSON Schema of its arguments. */
  readonly inputSchema: { readonly type: 'object'; readonly [key: string]: unknown };
  /** @throws {KandidError} params_invalid, and the reasons why the work is refused or fails */
  run(given: unknown, use: ToolUse): Promise<CallToolResult>;
}

interface ToolSpec<Input extends z.ZodType> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  run(input: z.output<Input>, use: ToolUse): Promise<CallToolResult>;
}

/** No tool changes existing data: they only create pictures. */
const ANNOTATIONS: ToolAnnotations = { readOnlyHint: true, openWorldHint: false };

function tool<Input extends z.ZodType>({ name, title, description, input, run }: ToolSpec<Input>): Tool {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return {
    name,
    title,
    description,
    annotations: { title, ...ANNOTATIONS },
    inputSchema: { ...schema, type: 'object' },
    async run(given, use) {
      const parsed = await input.safeParseAsync(given ?? {});
      if (!parsed.success) throw paramsError(`Tool "${name}"`, parsed.error);
      return await run(parsed.data, use);
    },
  };
}

type Wanted = Omit<z.output<typeof generateInput>, 'prompt' | 'negative' | 'guides'>;

/** The body for a native route. */
function bodyOf({ beams, ...wanted }: Wanted) {
  return { ...wanted, sampler: { beams } };
}

function wordsOf({
  prompt,
  negative,
}: {
  readonly prompt?: string | undefined;
  readonly negative?: string | undefined;
}) {
  if (prompt === undefined && negative === undefined) return [];
  if (prompt === undefined)
    throw new KandidError('params_invalid', {
      subject: 'The arguments',
      field: 'negative',
      problem: 'it stands alone; expected a prompt beside it',
    });
  return [{ name: 'text', params: { prompt, ...(negative === undefined ? {} : { negative }) } }];
}

function jsonResult(value: Readonly<Record<string, unknown>>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value };
}

/** The code of a picture: the embedded one, or the nearest found by encoding it. */
async function codeFor({ services, caller }: ToolUse, picture: Uint8Array, model: string): Promise<readonly number[]> {
  const work: Work = { kind: 'encode', picture, model, output: { format: 'png' } };
  // Progress is reported for the following generation only.
  const { event } = await ended({ services, caller: { ...caller, report: null } }, { work, label: 'vary' });
  return event.results[0]?.code ?? [];
}

export const tools: readonly Tool[] = [
  tool({
    name: 'generate',
    title: 'Generate pictures',
    description:
      'Generates pictures from a prompt or other guides; random pictures without any. Returns the pictures and their codes.',
    input: generateInput,
    run: ({ prompt, negative, guides, ...wanted }, use) => {
      const body = { ...bodyOf(wanted), guides: [...wordsOf({ prompt, negative }), ...guides] };
      return perform(use, { work: generationAt('/v1/generate', body, use), label: 'generate' });
    },
  }),
  tool({
    name: 'edit',
    title: 'Edit a picture',
    description: 'Repaints a part of a picture (mask), or changes all of it slightly, to match a prompt.',
    input: editInput,
    async run({ image, mask, keep, whole, prompt, negative, ...wanted }, use) {
      const picture = await pictureAt(image, use, 'image');
      const drawn = mask && (await pictureAt(mask, use, 'mask'));
      const work = generationAt('/v1/generate', { ...bodyOf(wanted), guides: wordsOf({ prompt, negative }) }, use);
      const edit = { image: picture, mask: drawn, weight: keep, whole };
      return await perform(use, { work: { ...work, edit }, label: 'edit' });
    },
  }),
  tool({
    name: 'upscale',
    title: 'Enlarge a picture',
    description: 'Enlarges a small picture with new detail, for the kind of pictures that the model knows.',
    input: upscaleInput,
    async run({ image, prompt, whole, ...wanted }, use) {
      const body = { ...bodyOf(wanted), prompt, whole, image: await pictureAt(image, use, 'image') };
      return await perform(use, { work: generationAt('/v1/super-resolution', body, use), label: 'upscale' });
    },
  }),
  tool({
    name: 'vary',
    title: 'Vary a picture',
    description: 'Keeps the coarse levels of a picture, given by code or as a picture, and generates the others again.',
    input: varyInput,
    async run({ code, image, keep, prompt, negative, ...wanted }, use) {
      const model = modelOf(use.services, wanted.model);
      if ((code === undefined) === (image === undefined)) {
        const problem = 'expected either code or image';
        throw new KandidError('params_invalid', { subject: 'The arguments', field: 'code', problem });
      }
      const found =
        image === undefined
          ? wholeCode(code ?? [], model)
          : await codeFor(use, await pictureAt(image, use, 'image'), model.name);
      const levels = Math.round(keep * model.levels.length);
      const guides = wordsOf({ prompt, negative });
      const body = { ...bodyOf(wanted), model: model.name, code: [...found], keep: levels, guides };
      return await perform(use, { work: generationAt('/v1/vary', body, use), label: 'vary' });
    },
  }),
  tool({
    name: 'info',
    title: 'How a picture was made',
    description: 'Reads from a picture file written by Kandid which model, code, seed and guides produced it.',
    input: infoInput,
    run: async ({ image }, use) => jsonResult({ ...readProvenance(await pictureAt(image, use, 'image')) }),
  }),
  tool({
    name: 'models',
    title: 'Models',
    description: 'Lists the models: what each draws, at which size, and whether words can steer it.',
    input: nothing,
    async run(_, { services }) {
      const { models, defaultModel } = infoOf(services);
      const about = models.map(({ name, title, description, side, levels, condition, textModels }) => ({
        name,
        title,
        description,
        side,
        levels: levels.length,
        candidates: Math.max(...candidateCountsOf({ levels })),
        condition: condition?.kind ?? null,
        takesWords: textModels.length > 0,
        isDefault: name === defaultModel,
      }));
      return jsonResult({ models: about });
    },
  }),
  tool({
    name: 'guides',
    title: 'Guides',
    description: 'Lists the guides that generate accepts; with a name, also the parameters of that guide.',
    input: guidesInput,
    async run({ name }, { services }) {
      const { guides } = infoOf(services);
      if (name === undefined)
        return jsonResult({ guides: guides.map((one) => ({ name: one.name, description: one.description })) });
      const found = guides.find((one) => one.name === name);
      if (found) return jsonResult({ name, description: found.description, params: found.params });
      const hint = nameHint(
        name,
        guides.map((one) => one.name),
      );
      throw new KandidError('guide_unknown', { name, hint });
    },
  }),
];
