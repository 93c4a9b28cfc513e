import { mapBounded } from "../../util/concurrency.ts";
import { messageOf } from "../../util/errors.ts";
import type { Finding, Look } from "../doctor/finding.ts";
import { looks } from "../doctor/looks.ts";
import { exitCodes } from "../exit-code.ts";
import { printJson, printText } from "../output.ts";
import type { Paint } from "../paint.ts";
import { count } from "../units.ts";
import type { Verb } from "../verb.ts";

/** Looks at this host and says what it can do, what it lacks, and what is unknown. */
export const doctor: Verb = {
  usage: "",
  details: "Reads only. Ends with 1 if there is a problem, with 0 if there are only warnings or unknowns.",
  options: [],
  examples: [
    ["belt doctor", "Each finding with the next command"],
    ["belt doctor --json", "The same for a script"],
  ],
  json: "document",
  run: async (_call, context) => {
    const doctorContext = { host: context.io.host, env: context.io.env, library: context.library };
    const results = await mapBounded(looks, looks.length, (look: Look) => look(doctorContext));
    const findings = results.flatMap((result): readonly Finding[] =>
      result.status === "fulfilled"
        ? result.value
        : [{ check: "doctor", state: "unknown", found: messageOf(result.reason) }],
    );
    const isHealthy = findings.every((finding) => finding.state !== "problem");
    if (context.globals.json) printJson(context, { healthy: isHealthy, findings });
    else printText(context, report(findings, context.paint.stdout));
    return isHealthy ? exitCodes.done : exitCodes.failed;
  },
};

const colors = { ok: "green", warning: "yellow", problem: "red", unknown: "cyan" } as const;

function report(findings: readonly Finding[], paint: Paint): string {
  const width = Math.max(...findings.map((finding) => finding.check.length));
  const lines = findings.flatMap((finding) => {
    const state = paint(colors[finding.state], finding.state.padEnd(7));
    const line = `${state}  ${finding.check.padEnd(width)}  ${finding.found}`;
    return finding.next === undefined ? [line] : [line, `${" ".repeat(width + 11)}next: ${finding.next}`];
  });
  const of = (state: Finding["state"]): number => findings.filter((finding) => finding.state === state).length;
  const counts = `${count(of("problem"), "problem")}, ${count(of("warning"), "warning")}, ${of("unknown")} unknown.`;
  return `${[...lines, counts].join("\n")}\n`;
}
