import { BeltError, messageOf } from "../util/errors.ts";
import { visible, visibleLines } from "../util/visible.ts";
import { forCluster } from "./for-cluster.ts";
import type { Paint } from "./paint.ts";

/** How an error is shown. */
export interface ErrorStyle {
  readonly paint: Paint;
  /** Show the stack and the causes. */
  readonly debug: boolean;
  /** What `--cluster` gave: hints are about that cluster. */
  readonly cluster?: string | undefined;
}

/** An error as the user reads it: what happened, what to do next, and, only when asked for, the stack. Ends with a newline. */
export function renderError(error: unknown, style: ErrorStyle): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map((one) => renderError(one, style)).join("");
  }
  // The problems of a cluster file are a line each, with its place in front.
  const show = error instanceof BeltError && error.code === "spec.invalid" ? visible : visibleLines;
  const lines = [`${style.paint("red", "belt:")} ${show(messageOf(error))}`];
  const hint = hintOf(error, style.debug);
  if (hint !== undefined)
    lines.push(`${style.paint("cyan", "next:")} ${visibleLines(forCluster(hint, style.cluster))}`);
  if (style.debug) lines.push(...stackLines(error).map((line) => style.paint("dim", `  ${visible(line)}`)));
  return `${lines.join("\n")}\n`;
}

/** An error as part of a JSON document. */
export function errorJson(error: unknown): { readonly code: string; readonly message: string; readonly hint?: string } {
  if (!(error instanceof BeltError)) return { code: "internal", message: messageOf(error) };
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

function hintOf(error: unknown, debug: boolean): string | undefined {
  if (error instanceof BeltError && (error.hint !== undefined || error.code !== "internal")) return error.hint;
  return debug ? undefined : "This was not expected. The same command with --debug shows where it comes from.";
}

function stackLines(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const code = error instanceof BeltError ? [`code ${error.code}`] : [];
  const own = (error.stack ?? error.message).split("\n");
  const cause = error.cause === undefined ? [] : ["caused by:", ...causeLines(error.cause)];
  return [...code, ...own, ...cause];
}

function causeLines(cause: unknown): string[] {
  return cause instanceof Error ? stackLines(cause) : [String(cause)];
}
