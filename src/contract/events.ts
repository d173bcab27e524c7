/** Schema parts that HTTP answers, stream messages and worker messages have in common. */
import { z } from 'zod';

export const whole = z.int().min(0);

export const milliseconds = z
  .object({ network: z.number(), guides: z.number(), engine: z.number() })
  .describe('Milliseconds: inside ONNX Runtime, waiting for guides, all the rest.');

export const guideUse = z.object({
  name: z.string(),
  calls: whole,
  candidates: whole.describe('Candidates that it scored.'),
  ms: z.number(),
});

/** A picture file beside its bytes. */
export const fileFields = { mime: z.string(), width: whole, height: whole };

const score = z.number().nullable();

/** A request that has begun. */
export const startedFields = {
  model: z.string(),
  hash: z.string().describe('Of the model: 64 hexadecimal digits.'),
  levels: z.array(z.object({ side: whole, candidates: whole })),
  bits: whole.describe('Length of a code.'),
  seed: whole,
  count: whole,
  guides: z.array(z.object({ name: z.string(), weight: z.number() })),
};

/** A level at which all results have chosen. */
export const levelFields = {
  level: whole,
  side: whole,
  choices: z.array(whole).describe('Of each result.'),
  scores: z.array(score),
  guideScores: z.array(z.array(score)).describe('Of each guide, of each result.'),
  timings: milliseconds,
};

/** The chosen candidate of a level. */
export const previewFields = {
  image: whole.describe('Which result.'),
  level: whole,
  side: whole,
  choice: whole,
};

/** A contact sheet that a person is asked about. */
export const questionFields = {
  question: whole,
  image: whole,
  level: whole,
  side: whole,
  count: whole.describe('Pictures on the contact sheet, in reading order.'),
  finishes: whole.describe('As many pictures follow: what each is likely to become. 0: they do not.'),
  columns: whole,
  gap: whole.describe('Pixels between them.'),
  text: z.string().describe('What is asked.'),
  seconds: z.number().describe('Until the question is closed without an answer.'),
};

export const chosenFields = {
  question: whole,
  picks: z.array(whole),
  by: z.enum(['person', 'time']).describe('time: no answer in time.'),
};

/** Squares of a whole picture, which its code alone does not draw. */
export const windowsField = z
  .array(
    z.object({
      left: whole,
      top: whole,
      side: whole,
      code: z.array(whole),
      codeString: z.string().nullable().describe('null where the code is not whole.'),
    }),
  )
  .describe(
    'Of a picture that was repainted or enlarged whole: the squares that the model has drawn, in pixels of the finished picture before `size`, and their codes. `code` is that of the first.',
  );

/** The end of a request. */
export const endFields = {
  seed: whole,
  guides: z.array(guideUse),
  notes: z.array(z.string()).describe('What guides, and pictures that were cut or resized, have to say.'),
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

/** A message, immutable. */
export type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;
