import type { CliContext } from "./context.ts";

/** Prints one JSON document as the result of a command; every document says which version of its shape it has. */
export function printJson(context: CliContext, document: Readonly<Record<string, unknown>>): void {
  context.io.stdout.write(`${JSON.stringify({ version: 1, ...document }, undefined, 2)}\n`);
}

/** Prints a result. */
export function printText(context: CliContext, text: string): void {
  context.io.stdout.write(text.endsWith("\n") || text === "" ? text : `${text}\n`);
}

/** Tells the user something beside the result. */
export function say(context: CliContext, text: string): void {
  context.io.stderr.write(`${text}\n`);
}
