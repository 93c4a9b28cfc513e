import { z } from "zod";
import { type Fault, networkFault } from "../cloud/fault.ts";
import type { Ec2 } from "./client.ts";

const named = z.object({ name: z.string(), message: z.string() });
const answered = named.extend({
  $fault: z.enum(["client", "server"]),
  $metadata: z.object({ httpStatusCode: z.int(), requestId: z.string().optional() }),
});
const received = z.object({ $response: z.object({ statusCode: z.int() }) });

/** The SDK's own errors before anything was sent: it has no credentials, or no region. */
const unsigned = /^(CredentialsProviderError|TokenProviderError|CredentialsError)$|^Region is missing/;

/** A reply that is none of EC2's; the message says what it is. */
export class ForeignReply extends Error {}

/**
 * What an error of the SDK means; nothing where the call was never sent for want of credentials or a region. The error itself is
 * not kept: it may hold what was sent.
 */
export function faultFrom(error: unknown, endpoint: string): Fault | undefined {
  if (error instanceof ForeignReply) return { kind: "unreadable", reason: error.message };
  const { data: own } = named.safeParse(plain(error));
  if (own && (unsigned.test(own.name) || unsigned.test(own.message))) return undefined;
  const { data: answer } = answered.safeParse(plain(error));
  if (answer) {
    const { httpStatusCode: status, requestId } = answer.$metadata;
    return { kind: "answer", status, id: answer.name, message: answer.message, requestId, waitMs: undefined };
  }
  const { data: reply } = received.safeParse(plain(error));
  if (reply) return unreadable(reply.$response.statusCode);
  return networkFault(error, endpoint);
}

/** The fault without the secrets of the credentials, should somebody on the way have put them into an answer. */
export async function scrubbed(fault: Fault, { config }: Ec2): Promise<Fault> {
  if (fault.kind !== "answer") return fault;
  const { secretAccessKey, sessionToken } = await config.credentials();
  const secrets = [secretAccessKey, sessionToken].filter((text) => text !== undefined && text !== "");
  const scrub = (text: string): string =>
    secrets.reduce((clean: string, secret) => clean.replaceAll(secret ?? "", "[secret]"), text);
  const { id, message, requestId } = fault;
  return { ...fault, id: scrub(id), message: scrub(message), requestId: requestId && scrub(requestId) };
}

function unreadable(status: number): Fault {
  const id = "Unreadable";
  if (status >= 500)
    return { kind: "answer", status, id, message: "no reason", requestId: undefined, waitMs: undefined };
  return { kind: "unreadable", reason: `it is no XML of EC2's (status ${status})` };
}

/** The fields of an error, those of its class and hidden ones too. */
function plain(error: unknown): unknown {
  if (typeof error !== "object" || error === null) return error;
  const fields = ["name", "message", "$fault", "$metadata", "$response"] as const;
  return Object.fromEntries(fields.map((field) => [field, Reflect.get(error, field)]));
}
