/** What OpenAI's clients send to the Images API, and what they read. */
import { z } from 'zod';

export const openAiError = z.object({
  error: z.object({
    ...{ message: z.string(), type: z.string() },
    ...{ param: z.string().nullable(), code: z.string().nullable() },
  }),
});
