import type { z } from "zod";
import type { Call, Reply } from "../call.ts";
import type { Operation, Subscription } from "./state.ts";

/** A refusal, in the words of Azure Resource Manager: thrown anywhere, answered as it is. */
export class Refusal extends Error {
  readonly reply: Reply;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.reply = { status, headers, body: { error: { code, message } } };
  }
}

/** 200 unless told otherwise. */
export function ok(body: unknown, status = 200): Reply {
  return { status, body };
}

/** 404 for a resource. */
export function notFound(call: Call): Refusal {
  const { group = "", name = "" } = call.parameters;
  const message = `The Resource '${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
  return new Refusal(404, "ResourceNotFound", message);
}

/** 404 for a resource group. */
export function noGroup(group: string): Refusal {
  return new Refusal(404, "ResourceGroupNotFound", `Resource group '${group}' could not be found.`);
}

/** A reply that says that something goes on; the client asks for its end. */
export function accepted(
  call: Call,
  subscription: Subscription,
  operation: Operation,
  {
    status,
    body,
    afterSeconds = 10,
  }: { readonly status: number; readonly body?: unknown; readonly afterSeconds?: number },
): Reply {
  const { host = "" } = call.headers;
  const path = `/subscriptions/${subscription.id}/providers/Microsoft.Compute/locations/eastus/operations/${operation.id}`;
  const headers = {
    "azure-asyncoperation": `https://${host}${path}?api-version=2026-04-01`,
    "retry-after": String(afterSeconds),
  };
  return body === undefined ? { status, headers } : { status, headers, body };
}

/** How many things a page of a list has. */
const pageSize = 100;

/** The page of a list that a call asks for, with a link to the next one. Only what is on the page is rendered. */
export function paged<T>(call: Call, all: readonly T[], render: (item: T) => unknown): Reply {
  const from = Number(call.query.get("$skiptoken") ?? 0);
  const value = all.slice(from, from + pageSize).map(render);
  if (from + pageSize >= all.length) return ok({ value });
  const query = new URLSearchParams(call.query);
  query.set("$skiptoken", String(from + pageSize));
  return ok({ value, nextLink: `https://${call.headers["host"] ?? ""}${call.path}?${query}` });
}

/** A body that was read by a schema. @throws Refusal 400 that names the first thing that is wrong with it. */
export function parsed<T extends z.ZodType>(schema: T, body: unknown): z.infer<T> {
  const result = schema.safeParse(body ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Refusal(400, "InvalidRequestContent", `${issue?.path.join(".") || "body"}: ${issue?.message}`);
}
