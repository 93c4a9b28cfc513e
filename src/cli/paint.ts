/** The few styles that belt uses. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Puts a style around text, or leaves the text alone. */
export type Paint = (style: Style, text: string) => string;

/** SGR parameters that turn each style on and off (ECMA-48, 8.3.117). */
const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Our own styles in a text, to split it at. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what they consist of
export const ownStyles = /(\u001b\[(?:1|2|22|31|32|33|36|39)m)/;

/** A painter for one stream. */
export function painter(enabled: boolean): Paint {
  if (!enabled) return (_style, text) => text;
  return (style, text) => `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m`;
}

/** Whether color may be used on a stream: a terminal, no `--no-color`, no NO_COLOR (https://no-color.org), and not TERM=dumb. */
export function colorWanted(
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
  argv: readonly string[],
): boolean {
  if (!isTerminal || argv.includes("--no-color") || env["TERM"] === "dumb") return false;
  return env["NO_COLOR"] === undefined || env["NO_COLOR"] === "";
}
