/** Suggests the names nearest to a misspelt one. */

const MAX_OFFERED = 3;

/**
 * Names within an edit distance (letters added, dropped, changed or swapped) of a third of the length, or that contain
 * the word or are contained in it; nearest first, at most three.
 */
export function nearestNames(word: string, names: readonly string[]): string[] {
  const wanted = plain(word);
  const ranked = names
    .map((name) => ({ name, distance: distanceOf(wanted, plain(name)) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.ceil(Math.max(name.length, wanted.length) / 3)));
  ranked.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return ranked.slice(0, MAX_OFFERED).map(({ name }) => name);
}

/** A hint for an "unknown name" error: the nearest names if there are any, or else all names. */
export function nameHint(word: string, names: readonly string[]): string {
  const near = nearestNames(word, names);
  if (near.length > 0) return `Did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`;
  return names.length > 0 ? `There are: ${[...names].sort().join(', ')}.` : 'There are none.';
}

/** Edit distance of two words: optimal string alignment (Levenshtein distance with swaps of neighbours). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] as number) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}

function distanceOf(wanted: string, name: string): number {
  if (wanted.length >= 3 && (name.includes(wanted) || wanted.includes(name))) return 0.5;
  return editDistance(wanted, name);
}

/** Ignores case and separators: `SuperResolution`, `super-resolution` and `super_resolution` are the same. */
function plain(text: string): string {
  return text
    .slice(0, 200)
    .toLowerCase()
    .replace(/[\s_-]/g, '');
}
