import { createHash } from "node:crypto";
import type { Machine } from "../../providers/provider.ts";
import { authorityFile, certificateFile, folder, issuedFile, keyFile } from "./paths.ts";
import { decodedField, type Fields, field, mustRunScript } from "./script.ts";
import type { Step, StepContext } from "./step.ts";

/** A certificate with fewer days left than this is replaced. */
const leastDays = 30;

/**
 * Puts the engine's certificate, its key and the cluster's authority on the machine, where they are missing, damaged, about
 * to expire, of another cluster, or do not name the machine's addresses. With `engine.api: off` nothing is written.
 * The engine reads them in the next step, which compares them with what the engine has read.
 */
export const certificates: Step = {
  phase: "certificates",
  title: "Certificates",
  async run(context, signal) {
    if (context.engineSpec.api === "off") return { effect: "unchanged", detail: "not needed, engine.api is off" };
    const subject = subjectOf(context.machine);
    const fields = await mustRunScript(
      context.connection,
      { title: "read the certificates", text: checkScript },
      signal,
    );
    if (isGood(context, subject, fields)) return { effect: "unchanged", detail: detailOf(subject) };
    await context.beforeChange();
    await issue(context, subject, signal);
    return { effect: "changed", detail: detailOf(subject) };
  },
};

/** What a server certificate is for. */
export interface Subject {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

/** What a machine's certificate is for: every name and address that it answers to. */
export function subjectOf(machine: Machine): Subject {
  const addresses = [machine.privateAddress, machine.publicAddress, "127.0.0.1"].filter((each) => each !== undefined);
  return { names: [machine.name, "localhost"], addresses: [...new Set(addresses)] };
}

function detailOf(subject: Subject): string {
  return `for ${[...subject.names, ...subject.addresses].join(", ")}`;
}

/** The certificates are public; of the key only its mode is said, and whether it is still the one that was issued. */
const checkScript = `
cd ${folder} 2>/dev/null || return 0
[ ! -r ${certificateFile} ] || say certificate "$(base64 <${certificateFile} | tr -d '\\n')"
[ ! -r ${authorityFile} ] || say authority "$(base64 <${authorityFile} | tr -d '\\n')"
say keyMode "$(stat -c %a:%u ${keyFile} 2>/dev/null)"
if [ -e ${issuedFile} ] && sha256sum -c ${issuedFile} >/dev/null 2>&1; then say whole yes; fi`;

function isGood(context: StepContext, subject: Subject, fields: Fields): boolean {
  const certificatePem = decodedField(fields, "certificate");
  return (
    certificatePem !== undefined &&
    field(fields, "whole") === "yes" &&
    field(fields, "keyMode") === "600:0" &&
    decodedField(fields, "authority") === context.authority.certificatePem &&
    context.authority.accepts(certificatePem, subject.names, subject.addresses, leastDays)
  );
}

/** The digests are written last: what a crash leaves in between does not match them, and is issued anew. */
async function issue({ authority, connection }: StepContext, subject: Subject, signal: AbortSignal): Promise<void> {
  const issued = authority.issueServer(subject.names, subject.addresses);
  const files = [
    { path: authorityFile, content: authority.certificatePem, mode: 0o644 },
    { path: certificateFile, content: issued.certificatePem, mode: 0o644 },
    { path: keyFile, content: issued.keyPem.reveal(), mode: 0o600 },
  ];
  await Promise.all(files.map((file) => connection.writeFile(file.path, file.content, file.mode, signal)));
  const digests = files.map((file) => `${sha256(file.content)}  ${file.path}\n`);
  await connection.writeFile(issuedFile, digests.join(""), 0o600, signal);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
