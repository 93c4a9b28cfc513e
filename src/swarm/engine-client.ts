import { z } from "zod";
import type { Clock } from "../util/clock.ts";
import { withDeadline } from "../util/deadline.ts";
import { BeltError, isBeltError, messageOf } from "../util/errors.ts";
import { Semaphore } from "../util/semaphore.ts";
import { negotiate } from "./api-version.ts";
import type {
  Engine,
  EngineInfo,
  EngineVersion,
  InitRequest,
  JoinRequest,
  SwarmNode,
  SwarmObject,
  SwarmService,
  SwarmTask,
} from "./engine.ts";
import { BodyTooLarge, type Dial, type HttpCall, HttpClient, type HttpReply } from "./http.ts";
import { refusal } from "./refusal.ts";
import { initBody, joinBody, nodeBody } from "./requests.ts";
import {
  infoSchema,
  nodeIdSchema,
  nodeSchema,
  nodesSchema,
  servicesSchema,
  swarmSchema,
  swarmSpecSchema,
  tasksSchema,
  versionSchema,
} from "./schemas.ts";

export interface EngineOptions {
  /** The machine's name, for messages. */
  readonly name: string;
  /** Opens a stream to the engine's socket; called again when the kept ones are busy or gone. */
  readonly dial: Dial;
  readonly clock: Clock;
  /** How many requests may be under way at once, each on a stream of its own; 4 unless given. */
  readonly parallel?: number;
  /** How long one request may take, in milliseconds; 60,000 unless given (a join alone may take 20 s). */
  readonly deadlineMs?: number;
}

/**
 * The Engine API of one machine, over streams that the caller provides. Nothing is sent before the first call. Disposal ends
 * all streams and fails what is under way.
 *
 * Every method throws BeltError: `engine.unreachable` (no answer; retryable), `engine.too-much`, `engine.unfit` (too old, or no engine),
 * `engine.missing`, `engine.conflict`, `swarm.*` and `engine.refused` as {@link refusal} tells them apart, and whatever the
 * dial throws.
 */
export function openEngine(options: EngineOptions): Engine {
  return new EngineClient(options);
}

const ended: ReadonlySet<string> = new Set(["complete", "shutdown", "failed", "rejected", "orphaned", "remove"]);

/** A task that has no node yet. */
const isPending = ({ state, nodeId }: SwarmTask): boolean => state === "pending" && nodeId === "";

class EngineClient implements Engine {
  readonly name: string;
  readonly #options: EngineOptions;
  readonly #http: HttpClient;
  readonly #negotiating = new Semaphore(1);
  #apiVersion: string | undefined;

  constructor(options: EngineOptions) {
    this.name = options.name;
    this.#options = options;
    this.#http = new HttpClient(options.dial, options.parallel ?? 4);
  }

  version(signal: AbortSignal): Promise<EngineVersion> {
    return this.#get("/version", versionSchema, signal);
  }

  info(signal: AbortSignal): Promise<EngineInfo> {
    return this.#get("/info", infoSchema, signal);
  }

  async swarmInit(request: InitRequest, signal: AbortSignal): Promise<string> {
    const call = { method: "POST", path: "/swarm/init", body: initBody(request) } as const;
    return this.#parse(call, await this.#call(call, signal), nodeIdSchema);
  }

  async swarmJoin(request: JoinRequest, signal: AbortSignal): Promise<void> {
    await this.#call({ method: "POST", path: "/swarm/join", body: joinBody(request) }, signal);
  }

  async swarmLeave(force: boolean, signal: AbortSignal): Promise<void> {
    try {
      await this.#call({ method: "POST", path: `/swarm/leave?force=${force}` }, signal);
    } catch (error) {
      if (!isBeltError(error, "swarm.not-in")) throw error;
    }
  }

  swarmInspect(signal: AbortSignal): Promise<SwarmObject> {
    return this.#get("/swarm", swarmSchema, signal);
  }

  async setSwarmLabels(labels: SwarmObject["labels"], version: number, signal: AbortSignal): Promise<void> {
    const swarm = await this.#get("/swarm", swarmSpecSchema, signal);
    // The engine compares the version too; this keeps a spec that was read later from being sent under an older one.
    if (swarm.Version.Index !== version)
      throw new BeltError("engine.conflict", `${this.name}: the swarm's cluster object was changed meanwhile`);
    const body = { ...swarm.Spec, Labels: labels };
    await this.#call({ method: "POST", path: `/swarm/update?version=${version}`, body }, signal);
  }

  async rotateTokens(signal: AbortSignal): Promise<void> {
    const swarm = await this.#get("/swarm", swarmSpecSchema, signal);
    const query = `version=${swarm.Version.Index}&rotateWorkerToken=true&rotateManagerToken=true`;
    await this.#call({ method: "POST", path: `/swarm/update?${query}`, body: swarm.Spec }, signal);
  }

  nodes(signal: AbortSignal): Promise<readonly SwarmNode[]> {
    return this.#get("/nodes", nodesSchema, signal);
  }

  async node(nodeId: string, signal: AbortSignal): Promise<SwarmNode | undefined> {
    try {
      return await this.#get(`/nodes/${encodeURIComponent(nodeId)}`, nodeSchema, signal);
    } catch (error) {
      if (isBeltError(error, "engine.missing")) return undefined;
      throw error;
    }
  }

  async updateNode(node: SwarmNode, change: Parameters<Engine["updateNode"]>[1], signal: AbortSignal): Promise<void> {
    const path = `/nodes/${encodeURIComponent(node.id)}/update?version=${node.version}`;
    await this.#call({ method: "POST", path, body: nodeBody(node, change) }, signal);
  }

  async tasks(nodeId: string | undefined, signal: AbortSignal): Promise<readonly SwarmTask[]> {
    const filters = encodeURIComponent(JSON.stringify(nodeId === undefined ? {} : { node: [nodeId] }));
    const tasks = await this.#get(`/tasks?filters=${filters}`, tasksSchema, signal);
    return tasks.filter(({ state }) => !ended.has(state));
  }

  async taskCounts(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const filters = encodeURIComponent(JSON.stringify({ "desired-state": ["running", "accepted"] }));
    const tasks = await this.#get(`/tasks?filters=${filters}`, tasksSchema, signal);
    const nodes = Map.groupBy(
      tasks.filter(({ state }) => !ended.has(state)),
      ({ nodeId }) => nodeId,
    );
    return new Map([...nodes].map(([nodeId, some]) => [nodeId, some.length]));
  }

  async pendingTasks(signal: AbortSignal): Promise<number> {
    const filters = encodeURIComponent(JSON.stringify({ "desired-state": ["running", "accepted"] }));
    return (await this.#get(`/tasks?filters=${filters}`, tasksSchema, signal)).filter(isPending).length;
  }

  async services(signal: AbortSignal): Promise<readonly SwarmService[]> {
    return await this.#get("/services?status=true", servicesSchema, signal);
  }

  async removeNode(nodeId: string, force: boolean, signal: AbortSignal): Promise<void> {
    const path = `/nodes/${encodeURIComponent(nodeId)}?force=${force}`;
    try {
      await this.#call({ method: "DELETE", path }, signal);
    } catch (error) {
      if (!isBeltError(error, "engine.missing")) throw error; // already gone is removed
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }

  async #get<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const call = { method: "GET", path } as const;
    return this.#parse(call, await this.#call(call, signal), schema);
  }

  async #call(call: HttpCall, signal: AbortSignal): Promise<string> {
    const apiVersion = this.#apiVersion ?? (await this.#negotiate(signal));
    const reply = await this.#send({ ...call, path: `/v${apiVersion}${call.path}` }, label(call), signal);
    if (reply.status < 300) return reply.body;
    throw refusal({ machine: this.name, call: label(call), status: reply.status, message: messageIn(reply) });
  }

  /** Asks once, whoever comes first; the others wait for his answer, and ask themselves only if he got none. */
  #negotiate(signal: AbortSignal): Promise<string> {
    return this.#negotiating.run(signal, async () => {
      if (this.#apiVersion !== undefined) return this.#apiVersion;
      const ping = await this.#send({ method: "GET", path: "/_ping" }, "GET /_ping", signal);
      this.#apiVersion = negotiate(this.name, ping);
      return this.#apiVersion;
    });
  }

  async #send(call: HttpCall, title: string, signal: AbortSignal): Promise<HttpReply> {
    const deadline = {
      ms: this.#options.deadlineMs ?? 60_000,
      what: `${this.name}: the engine did not answer ${title}`,
      code: "engine.unreachable",
    } as const;
    try {
      return await withDeadline(deadline, this.#options.clock, signal, (inner) => this.#http.send(call, inner));
    } catch (cause) {
      if (signal.aborted || isBeltError(cause)) throw cause;
      if (cause instanceof BodyTooLarge)
        throw new BeltError("engine.too-much", `${this.name}: ${title}: ${cause.message}`, {
          hint: `Look at what answers there: belt ssh ${this.name} -- docker version`,
        });
      throw new BeltError("engine.unreachable", `${this.name}: no answer to ${title}: ${messageOf(cause)}`, {
        hint: `Does the engine run? belt ssh ${this.name} -- systemctl status docker`,
        retryable: true,
        cause,
      });
    }
  }

  #parse<T>(call: HttpCall, body: string, schema: z.ZodType<T>): T {
    try {
      return schema.parse(JSON.parse(body));
    } catch (cause) {
      const what = cause instanceof z.ZodError ? `: ${z.prettifyError(cause)}` : "";
      throw new BeltError(
        "engine.unfit",
        `${this.name}: the engine's answer to ${label(call)} is not understood${what}`,
        {
          hint: `Look at what answers there: belt ssh ${this.name} -- docker version`,
          cause,
        },
      );
    }
  }
}

/** The call as the user is told it: without ids and queries. */
function label(call: HttpCall): string {
  return `${call.method} ${call.path.split("?")[0]}`;
}

/** The engine's errors are `{"message": …}`; a proxy's may be anything. */
function messageIn(reply: HttpReply): string {
  const errorSchema = z.object({ message: z.string() });
  try {
    return errorSchema.parse(JSON.parse(reply.body)).message;
  } catch {
    return reply.body.trim().slice(0, 300) || `status ${reply.status}`;
  }
}
