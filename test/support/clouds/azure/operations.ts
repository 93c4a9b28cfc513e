import { notFound, ok } from "./replies.ts";
import type { Route } from "./route.ts";
import { parameter } from "./route.ts";
import { type Operation, type Subscription, uuidOf } from "./state.ts";

/** Asking how far an operation is. Resource groups have a form of their own: 202 until it is over. */
export const operationRoutes: readonly Route[] = [
  {
    operation: "GET /providers/Microsoft.Compute/locations/{location}/operations/{id}",
    action: "Microsoft.Compute/locations/operations/read",
    answer: ({ operations, epochMs }, call) => {
      const operation = operations.get(parameter(call, "id"));
      if (!operation) throw notFound(call);
      const { id: name, status, startedMs, error } = operation;
      const startTime = new Date(epochMs + startedMs).toISOString();
      const body = { name, status, startTime, ...(error ? { error } : {}) };
      return status === "InProgress" ? { status: 200, headers: { "retry-after": "50" }, body } : ok(body);
    },
  },
  {
    operation: "GET /providers/Microsoft.Compute/locations/{location}/operationresults/{id}",
    action: "Microsoft.Resources/subscriptions/operationresults/read",
    answer: ({ operations }, call) => {
      const operation = operations.get(parameter(call, "id"));
      if (!operation) throw notFound(call);
      if (operation.status !== "InProgress") return { status: 200 };
      return {
        status: 202,
        headers: { location: `https://${call.headers["host"]}${call.path}?${call.query}`, "retry-after": "15" },
      };
    },
  },
];

/** Begins something that takes its time. */
export function beginOperation(subscription: Subscription, ms: number, done: () => void): Operation {
  const operation = openOperation(subscription);
  subscription.agenda.after(ms, () => {
    done();
    operation.status = "Succeeded";
  });
  return operation;
}

/** An operation that goes on until somebody says otherwise. */
export function openOperation(subscription: Subscription): Operation {
  subscription.counters.operation += 1;
  const id = uuidOf(subscription.counters.operation);
  const operation: Operation = { id, startedMs: subscription.agenda.nowMs(), status: "InProgress", error: undefined };
  subscription.operations.set(id, operation);
  return operation;
}
