/** Codes: the choices of a picture, as numbers and as text (base64url, ⌈log₂ K⌉ bits per level, level 0 first). */

type Levels = readonly { readonly candidates: number }[];

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const LETTER_BITS = 6;

/** @returns null if the text is not a code of these levels */
export function parseCode(text: string, levels: Levels): number[] | null {
  const letters = [...text].map((letter) => LETTERS.indexOf(letter));
  if (letters.includes(-1)) return null;
  const bits = letters.map((value) => value.toString(2).padStart(LETTER_BITS, '0')).join('');
  const widths = levels.map(bitsOf);
  if (bits.length < widths.reduce((sum, width) => sum + width, 0)) return null;
  let at = 0;
  const code = widths.map((width) => {
    at += width;
    return width === 0 ? 0 : Number.parseInt(bits.slice(at - width, at), 2);
  });
  return code.every((choice, n) => choice < (levels[n]?.candidates ?? 0)) ? code : null;
}

/** The text of a complete code. */
export function codeText(code: readonly number[], levels: Levels): string {
  const bits = code.map((choice, n) =>
    bitsOf(levels[n]) === 0 ? '' : choice.toString(2).padStart(bitsOf(levels[n]), '0'),
  );
  const whole = bits.join('');
  // Padded to whole bytes, as by the server; their number determines the number of characters.
  const bytes = Math.ceil(whole.length / 8);
  const padded = whole.padEnd(bytes * 8, '0');
  const count = Math.ceil((bytes * 8) / LETTER_BITS);
  return Array.from({ length: count }, (_, n) => {
    const value = padded.slice(n * LETTER_BITS, (n + 1) * LETTER_BITS).padEnd(LETTER_BITS, '0');
    return LETTERS[Number.parseInt(value, 2)];
  }).join('');
}

function bitsOf(level: { readonly candidates: number } | undefined): number {
  return Math.ceil(Math.log2(level?.candidates ?? 1));
}
