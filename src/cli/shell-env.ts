import { quoteWord } from "../util/shell.ts";

/** The shells that `belt env` writes for. */
export const shells = ["sh", "fish", "powershell"] as const;
export type Shell = (typeof shells)[number];

/** One variable to set; without a value it is to be unset. */
export interface Variable {
  readonly name: string;
  readonly value: string | undefined;
}

/** Lines that set or unset variables in a shell, and a comment that says how to have them take effect. */
export function shellLines(shell: Shell, variables: readonly Variable[], command: string): string {
  const lines = variables.map(({ name, value }) =>
    value === undefined ? unset[shell](name) : set[shell](name, value),
  );
  return [...lines, "# To have this take effect, run:", `# ${evaluate[shell](command)}`, ""].join("\n");
}

/** The shell that somebody most likely types into, from SHELL. */
export function likelyShell(env: Readonly<Record<string, string | undefined>>): Shell {
  if (env["SHELL"]?.endsWith("/fish")) return "fish";
  return env["SHELL"] === undefined && env["PSModulePath"] !== undefined ? "powershell" : "sh";
}

const set: Readonly<Record<Shell, (name: string, value: string) => string>> = {
  sh: (name, value) => `export ${name}=${quoteWord(value)}`,
  fish: (name, value) => `set -gx ${name} ${fishWord(value)};`,
  powershell: (name, value) => `$Env:${name} = '${value.replaceAll("'", "''")}'`,
};

const unset: Readonly<Record<Shell, (name: string) => string>> = {
  sh: (name) => `unset ${name}`,
  fish: (name) => `set -e ${name};`,
  powershell: (name) => `Remove-Item -ErrorAction SilentlyContinue Env:${name}`,
};

const evaluate: Readonly<Record<Shell, (command: string) => string>> = {
  sh: (command) => `eval "$(${command})"`,
  fish: (command) => `${command} --shell fish | source`,
  powershell: (command) => `${command} --shell powershell | Out-String | Invoke-Expression`,
};

/** In fish's single quotes only the quote and the backslash are special. */
function fishWord(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
