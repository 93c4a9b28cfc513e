/** A text in which no `${…}` can disturb YAML's grammar, and the way back for what is read from it. */
export interface GuardedText {
  readonly text: string;
  readonly restore: (text: string) => string;
}

/** Unicode's private-use area; ASCII is moved here character by character. */
const OFFSET = 0xe000;

/**
 * Makes `{ password: ${VAR} }` readable as YAML, where a brace would otherwise begin a map: the characters of each `${…}`
 * become letters of a private alphabet, one for one, so that every offset stays. Bodies with quotes or backslashes are
 * left to YAML's own quoting.
 */
export function guardVariables(text: string): GuardedText {
  if (/[\uE000-\uE07F]/.test(text)) return { text, restore: (same) => same };
  const guarded = text.replace(/\$\{[^}"'\\\r\n]*\}/g, (reference) => shift(reference, OFFSET));
  return { text: guarded, restore: (read) => read.replace(/[\uE000-\uE07F]+/g, (letters) => shift(letters, -OFFSET)) };
}

function shift(text: string, by: number): string {
  return [...text].map((char) => (isShiftable(char) ? String.fromCharCode(char.charCodeAt(0) + by) : char)).join("");
}

function isShiftable(char: string): boolean {
  const code = char.charCodeAt(0);
  return code < 0x80 || (code >= OFFSET && code < OFFSET + 0x80);
}
