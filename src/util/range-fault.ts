import { BeltError } from "./errors.ts";

/** Where a range is wrong and what to write instead. */
export interface FaultPlace {
  /** The range as it was given. */
  readonly text: string;
  /** The offset in `text` of what is wrong, in UTF-16 units from 0. */
  readonly at: number;
  readonly hint?: string;
}

/** A BeltError `usage.invalid` about a range that knows the place: its message ends with the text and a caret under the place. */
export class RangeFault extends BeltError {
  readonly at: number;
  /** What is wrong, without the text and the caret. */
  readonly says: string;

  constructor(says: string, place: FaultPlace) {
    const details = place.hint === undefined ? {} : { hint: place.hint };
    super("usage.invalid", `${says}\n${pointAt(place.text, place.at)}`, details);
    this.at = place.at;
    this.says = says;
  }
}

const SHOWN_BEFORE = 60;
const SHOWN_AFTER = 20;

/** Two lines: the text (a window of it where it is long) and the caret. */
function pointAt(text: string, at: number): string {
  const start = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
  const shown = text.slice(start, at + SHOWN_AFTER).replace(/\p{Cc}/gu, " ");
  const before = start > 0 ? "…" : "";
  const after = at + SHOWN_AFTER < text.length ? "…" : "";
  return `  ${before}${shown}${after}\n  ${" ".repeat(before.length + at - start)}^`;
}
