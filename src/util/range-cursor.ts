import { RangeFault } from "./range-fault.ts";

/** A place in a text that is being read; `at` moves on. */
export interface Cursor {
  readonly text: string;
  at: number;
}

/** Refuses the text with the caret at the cursor. */
export function refuse(cursor: Cursor, says: string, hint?: string): never {
  throw new RangeFault(says, { text: cursor.text, at: cursor.at, ...(hint === undefined ? {} : { hint }) });
}

/** Moves over spaces, tabs and line ends. */
export function skipSpaces(cursor: Cursor): void {
  while (startsSpace(cursor.text[cursor.at])) cursor.at += 1;
}

/** Reads digits, perhaps none. */
export function readDigits(cursor: Cursor): string {
  const start = cursor.at;
  while (isDigit(cursor.text[cursor.at])) cursor.at += 1;
  return cursor.text.slice(start, cursor.at);
}

/** Whether this is one of 0 to 9. */
export function isDigit(char: string | undefined): boolean {
  return char !== undefined && char >= "0" && char <= "9";
}

/** Whether this is a space, a tab or a line end. */
export function startsSpace(char: string | undefined): boolean {
  return char === " " || char === "\t" || char === "\n" || char === "\r";
}
