import { quoteCommand } from "../../util/shell.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { printText } from "../output.ts";
import { likelyShell, type Shell, shellLines, shells } from "../shell-env.ts";
import { tlsEndpoint } from "../tls-endpoint.ts";
import type { Call, Verb } from "../verb.ts";

const names = ["DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] as const;

/** Prints the variables with which the plain docker command talks to a machine's engine over mutual TLS. */
export const env: Verb = {
  usage: "[name]",
  details:
    "Without a name: the active node. The engine must be reachable at port 2376 of the machine's private address.",
  options: [
    { flags: "--shell <shell>", summary: "The shell to write for (default: from SHELL)", choices: shells },
    { flags: "--unset", summary: "Unset the variables" },
  ],
  examples: [
    ['eval "$(belt env mg0)"', "docker talks to mg0 from now on"],
    ["belt env mg0 --shell fish | source", "The same in fish"],
    ['eval "$(belt env --unset)"', "docker talks to its own default again"],
  ],
  json: "none",
  completes: "machines",
  run: async (call, context) => {
    const shell = shellOf(call, context.io.env);
    const command = quoteCommand(["belt", "env", ...call.words, ...(call.flag("--unset") ? ["--unset"] : [])]);
    if (call.flag("--unset")) {
      printText(
        context,
        shellLines(
          shell,
          names.map((name) => ({ name, value: undefined })),
          command,
        ),
      );
      return exitCodes.done;
    }
    await using cluster = await openCluster(context);
    const { host, certificates } = await tlsEndpoint(context, cluster, call.words[0]);
    const values = [host, "1", certificates];
    printText(
      context,
      shellLines(
        shell,
        names.map((variable, index) => ({ name: variable, value: values[index] })),
        command,
      ),
    );
    return exitCodes.done;
  },
};

function shellOf(call: Call, variables: Readonly<Record<string, string | undefined>>): Shell {
  const asked = call.text("--shell");
  return shells.find((shell) => shell === asked) ?? likelyShell(variables);
}
