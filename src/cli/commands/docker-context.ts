import { BeltError } from "../../util/errors.ts";
import { exitCodes } from "../exit-code.ts";
import { openCluster } from "../open-cluster.ts";
import { say } from "../output.ts";
import { tlsEndpoint } from "../tls-endpoint.ts";
import type { Verb } from "../verb.ts";

/** Makes a docker context for the cluster. */
export const dockerContext: Verb = {
  usage: "[name]",
  details:
    "Makes, or brings up to date, a docker context with the cluster's name, so that docker --context NAME and docker context use NAME talk to the active node, or to the machine that is named, over mutual TLS. The certificates are copied into docker's own store.",
  options: [{ flags: "--remove", summary: "Remove the context" }],
  examples: [
    ["belt context && docker --context shop node ls", "For the active node of the cluster shop"],
    ["belt context mg2", "For another manager"],
    ["belt context --remove", "Before the cluster is taken down"],
  ],
  json: "none",
  completes: "machines",
  run: async (call, context) => {
    const { io } = context;
    const docker = await io.host.findProgram("docker");
    if (docker === undefined)
      throw new BeltError("usage.invalid", "there is no docker command on this host", {
        hint: "Install docker's client, or use belt docker, which works without one.",
      });
    const quietly = (args: readonly string[], onStderr: (chunk: Buffer) => void = () => {}): Promise<number> =>
      io.host.runStreaming([docker, ...args], io.env, { onStdout: () => {}, onStderr }, context.signal);
    await using cluster = await openCluster(context);
    const isThere = (await quietly(["context", "inspect", cluster.name])) === exitCodes.done;
    if (call.flag("--remove")) {
      const code = isThere ? await quietly(["context", "rm", "--force", cluster.name]) : exitCodes.done;
      say(
        context,
        isThere ? `The docker context ${cluster.name} is gone.` : `There is no docker context ${cluster.name}.`,
      );
      return code;
    }
    const { name, host, certificates } = await tlsEndpoint(context, cluster, call.words[0]);
    const files = [
      ["ca", "ca.pem"],
      ["cert", "cert.pem"],
      ["key", "key.pem"],
    ].map(([key, file]) => `${key}=${certificates}/${file}`);
    const endpoint = [`host=${host}`, ...files].join(",");
    const description = `${name} of the cluster ${cluster.name}`;
    const words = [isThere ? "update" : "create", "--description", description, "--docker", endpoint, cluster.name];
    const code = await quietly(["context", ...words], (chunk) => void io.stderr.write(chunk));
    if (code === exitCodes.done) say(context, `docker --context ${cluster.name} talks to ${name}.`);
    return code;
  },
};
