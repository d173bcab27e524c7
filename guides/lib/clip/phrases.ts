/** Splits a prompt into phrases: "a man with red hair, wearing a blue hoodie" is "a man", "red hair" and "wearing a blue hoodie". */

/** Words after which a new phrase begins, and whether they stay with it. */
const JOINTS =
  /\s*(?:[,;.]\s*(?:(?:and|but)\s+)?|\s+(?:and|but)\s+|\s+(?=(?:who|that|which)\s)|\s+(?=wearing\s)|\s+(?=(?:on|against|in front of)\s+an?\s+[\w\s-]*background))/;

/** "who has red hair" is "red hair". */
const VERB = /^(?:(?:who|that|which)\s+)?(?:is|are|has|have)\s+/;

/** Colours alone: after "wearing a yellow hat and", "violet" is what is worn. */
const COLORS =
  /^(?:(?:all|bright|light|dark|pale|deep|hot|sky|navy) )*(?:black|white|gr[ae]y|silver|red|orange|yellow|gold|green|blue|navy|sky blue|purple|violet|lilac|pink|magenta|brown|beige)$/;

/**
 * The phrases of a prompt, in order, none twice. It is cut at commas, "and", before "wearing" and the background, and at the
 * first "with": later ones belong to their phrase ("a shirt with a bat on it"). Of "wearing a yellow hat and violet" the last is
 * "wearing violet".
 */
export function phrasesOf(prompt: string): string[] {
  // Collapsed first: the regular expression would backtrack over runs of spaces.
  const [head = '', ...rest] = prompt.trim().replace(/\s+/g, ' ').split(JOINTS);
  const cut = /^(?!wearing\s)(.*?\S)\s+with\s+(.+)$/.exec(head);
  const all = cut ? [cut[1] as string, cut[2] as string, ...rest] : [head, ...rest];
  const phrases = all.map((phrase) => phrase.trim().replace(VERB, '')).filter((phrase) => phrase !== '');
  return [...new Set(phrases.map((phrase, i) => withVerb(phrase, phrases[i - 1])))];
}

function withVerb(phrase: string, before = ''): string {
  return COLORS.test(phrase) && /^wearing\s/.test(before) ? `wearing ${phrase}` : phrase;
}
