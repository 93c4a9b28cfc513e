/**
 * What a terminal obeys and a text has no need of: C0 but for tab and newline, DEL, C1, and what turns the order of writing
 * around (Unicode's bidirectional controls). Source: ECMA-48; UAX #9.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text by others, made fit to be shown: what would steer a terminal stands there as `\u001b`. */
export function visible(text: string): string {
  return text.replace(controls, escaped);
}

/** {@link visible} for what is one line: a newline stands there as `\u000a`. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll("\n", "\\u000a");
}

/** {@link visible} for what may have several lines, of which only the first can look like one of ours. */
export function visibleLines(text: string): string {
  return visible(text).replaceAll("\n", "\n  ");
}

/** The same for all texts in plain data. */
export function visibleData<T>(data: T, show: (text: string) => string): T;
export function visibleData(data: unknown, show: (text: string) => string): unknown {
  if (typeof data === "string") return show(data);
  if (Array.isArray(data)) return data.map((one) => visibleData(one, show));
  if (typeof data !== "object" || data === null || Object.getPrototypeOf(data) !== Object.prototype) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, visibleData(value, show)]));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
