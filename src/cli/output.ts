import { visible } from "../util/visible.ts";
import type { CliContext } from "./context.ts";
import { ownStyles } from "./paint.ts";

/** Text with nothing in it that a terminal obeys but our own styles: hosts, clouds and files by others are quoted in what is printed. */
function shown(text: string): string {
  const parts = text.split(ownStyles);
  return parts.map((part, index) => (index % 2 === 1 ? part : visible(part))).join("");
}

/** Prints one JSON document as the result of a command; every document says which version of its shape it has. */
export function printJson(context: CliContext, document: Readonly<Record<string, unknown>>): void {
  context.io.stdout.write(shown(`${JSON.stringify({ version: 1, ...document }, undefined, 2)}\n`));
}

/** Prints a result. */
export function printText(context: CliContext, text: string): void {
  context.io.stdout.write(shown(text.endsWith("\n") || text === "" ? text : `${text}\n`));
}

/** Tells the user something beside the result. */
export function say(context: CliContext, text: string): void {
  context.io.stderr.write(shown(`${text}\n`));
}
