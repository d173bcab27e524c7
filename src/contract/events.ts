/** Schema parts shared by HTTP responses, stream messages and worker messages. */
import { z } from 'zod';

export const whole = z.int().min(0);

export const milliseconds = z
  .object({ network: z.number(), guides: z.number(), engine: z.number() })
  .describe('Milliseconds: in ONNX Runtime, waiting for guides, and the rest.');

export const guideUse = z.object({
  name: z.string(),
  calls: whole,
  candidates: whole.describe('Number of candidates that it scored.'),
  ms: z.number(),
});

/** Format and size of a picture file. */
export const fileFields = { mime: z.string(), width: whole, height: whole };

const score = z.number().nullable();

/** The start of a request. */
export const startedFields = {
  model: z.string(),
  hash: z.string().describe('Hash of the model: 64 hexadecimal digits.'),
  levels: z.array(z.object({ side: whole, candidates: whole })),
  bits: whole.describe('Length of a code in bits.'),
  seed: whole,
  count: whole,
  guides: z.array(z.object({ name: z.string(), weight: z.number() })),
};

/** A level at which all results have chosen. */
export const levelFields = {
  level: whole,
  side: whole,
  choices: z.array(whole).describe('One per result.'),
  scores: z.array(score),
  guideScores: z.array(z.array(score)).describe('Per guide, then per result.'),
  timings: milliseconds,
};

/** The chosen candidate of a level. */
export const previewFields = {
  image: whole.describe('Index of the result.'),
  level: whole,
  side: whole,
  choice: whole,
};

/** A contact sheet that the user is asked about. */
export const questionFields = {
  question: whole,
  image: whole,
  level: whole,
  side: whole,
  count: whole.describe('Number of pictures on the contact sheet, in reading order.'),
  finishes: whole.describe('Number of pictures that follow on the sheet: what each is likely to become. 0: none.'),
  columns: whole,
  gap: whole.describe('Pixels between the pictures.'),
  text: z.string().describe('The question.'),
  seconds: z.number().describe('Seconds until the question is closed without an answer.'),
};

export const chosenFields = {
  question: whole,
  picks: z.array(whole),
  by: z.enum(['person', 'time']).describe('time: the question timed out.'),
};

/** Squares of a whole picture, which its code alone does not reproduce. */
export const windowsField = z
  .array(
    z.object({
      left: whole,
      top: whole,
      side: whole,
      code: z.array(whole),
      codeString: z.string().nullable().describe('null if the code is incomplete.'),
    }),
  )
  .describe(
    'For a picture repainted or enlarged whole: the squares drawn by the model, in pixels of the finished picture before `size`, and their codes. `code` is that of the first.',
  );

/** The end of a request. */
export const endFields = {
  seed: whole,
  guides: z.array(guideUse),
  notes: z.array(z.string()).describe('Notes of guides, and on pictures that were cropped or resized.'),
  timings: milliseconds,
};

export type Timings = Readonly<z.output<typeof milliseconds>>;
export type GuideUse = Readonly<z.output<typeof guideUse>>;

type Fields<Shape extends z.ZodRawShape> = DeepReadonly<z.output<z.ZodObject<Shape>>>;
export type FileFields = Fields<typeof fileFields>;
export type StartedFields = Fields<typeof startedFields>;
export type LevelFields = Fields<typeof levelFields>;
export type PreviewFields = Fields<typeof previewFields>;
export type QuestionFields = Fields<typeof questionFields>;
export type ChosenFields = Fields<typeof chosenFields>;
export type EndFields = Fields<typeof endFields>;

/** A deeply immutable message. */
export type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;
