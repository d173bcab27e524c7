/** The tools: each a translation to what the native routes take. */
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
  /** @throws {KandidError} params_invalid, and what the work is refused for or fails with */
  run(given: unknown, use: ToolUse): Promise<CallToolResult>;
}

interface ToolSpec<Input extends z.ZodType> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  run(input: z.output<Input>, use: ToolUse): Promise<CallToolResult>;
}

/** None of them changes anything: pictures are made anew. */
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

/** The body that a native route takes. */
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

function told(value: Readonly<Record<string, unknown>>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value };
}

/** The code of a picture: the one it carries, or the nearest that is found. */
async function codeFor({ services, caller }: ToolUse, picture: Uint8Array, model: string): Promise<readonly number[]> {
  const work: Work = { kind: 'encode', picture, model, output: { format: 'png' } };
  // Progress is of what follows.
  const { event } = await ended({ services, caller: { ...caller, tell: null } }, { work, label: 'vary' });
  return event.results[0]?.code ?? [];
}

export const tools: readonly Tool[] = [
  tool({
    name: 'generate',
    title: 'Generate pictures',
    description:
      'Makes pictures of what a prompt says, or of other wishes (guides); at random without any. Answers the pictures and their codes.',
    input: generateInput,
    run: ({ prompt, negative, guides, ...wanted }, use) => {
      const body = { ...bodyOf(wanted), guides: [...wordsOf({ prompt, negative }), ...guides] };
      return perform(use, { work: generationAt('/v1/generate', body, use), label: 'generate' });
    },
  }),
  tool({
    name: 'edit',
    title: 'Edit a picture',
    description:
      'Repaints a part of a picture (mask), or changes all of it a little, so that it shows what a prompt says.',
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
    description: 'Draws a small picture sharp and larger, of the kind that the model knows.',
    input: upscaleInput,
    async run({ image, prompt, whole, ...wanted }, use) {
      const body = { ...bodyOf(wanted), prompt, whole, image: await pictureAt(image, use, 'image') };
      return await perform(use, { work: generationAt('/v1/super-resolution', body, use), label: 'upscale' });
    },
  }),
  tool({
    name: 'vary',
    title: 'Vary a picture',
    description: 'Keeps the coarse levels of a picture, given by its code or as it is, and draws the others anew.',
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
    description: 'Reads from a picture file that Kandid wrote which model, code, seed and guides made it.',
    input: infoInput,
    run: async ({ image }, use) => told({ ...readProvenance(await pictureAt(image, use, 'image')) }),
  }),
  tool({
    name: 'models',
    title: 'Models',
    description: 'The models there are: what each draws, how large, and whether words steer it.',
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
      return told({ models: about });
    },
  }),
  tool({
    name: 'guides',
    title: 'Guides',
    description: 'The guides there are, which generate takes; of one by name also its parameters.',
    input: guidesInput,
    async run({ name }, { services }) {
      const { guides } = infoOf(services);
      if (name === undefined)
        return told({ guides: guides.map((one) => ({ name: one.name, description: one.description })) });
      const found = guides.find((one) => one.name === name);
      if (found) return told({ name, description: found.description, params: found.params });
      const hint = nameHint(
        name,
        guides.map((one) => one.name),
      );
      throw new KandidError('guide_unknown', { name, hint });
    },
  }),
];
