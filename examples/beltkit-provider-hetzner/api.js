import { BeltError } from "beltkit";

/** What may be over in a moment: https://docs.hetzner.cloud/reference/cloud#errors */
const passing = ["rate_limit_exceeded", "locked", "conflict"];

/**
 * A client of the Hetzner Cloud API: https://docs.hetzner.cloud/reference/cloud
 * @param {import("beltkit").ProviderContext} context
 */
export function hetznerApi({ env, clock, random }) {
  const endpoint = env.HCLOUD_ENDPOINT ?? "https://api.hetzner.cloud/v1";

  /** One call. What is passing is waited for; a POST is never sent twice unless the first one was turned away. */
  async function call(method, path, signal, body) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await send(method, path, signal, body);
      } catch (error) {
        signal.throwIfAborted();
        const isOver = attempt === 8 || !(mayPass(method, error) || passing.includes(codeOf(error)));
        if (isOver) throw error;
        await clock.sleep(Math.min(60_000, 500 * 2 ** attempt) * (0.5 + random() / 2), signal);
      }
    }
  }

  async function send(method, path, signal, body) {
    if (!env.HCLOUD_TOKEN) throw new BeltError("provider.requirements", noToken.message, { hint: noToken.hint });
    const headers = { authorization: `Bearer ${env.HCLOUD_TOKEN}`, "content-type": "application/json" };
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
    const request = { method, headers, signal: bounded, body: body && JSON.stringify(body) };
    const answered = fetch(`${endpoint}${path}`, request).then(async (reply) => [reply, await reply.text()]);
    const [reply, text] = await answered.catch((cause) => {
      signal.throwIfAborted();
      const message = `Hetzner gave no answer to ${method} ${path}`;
      throw new BeltError("provider.unavailable", message, { retryable: true, cause });
    });
    if (!reply.ok) throw refusal(reply, text);
    return text === "" ? {} : JSON.parse(text);
  }

  /** Everything that a list has, page by page. */
  async function list(path, signal, query = {}) {
    const found = [];
    for (let page = 1; page; ) {
      const words = new URLSearchParams({ ...query, page: String(page), per_page: "50" });
      const reply = await call("GET", `/${path}?${words}`, signal);
      found.push(...reply[path]);
      page = reply.meta?.pagination?.next_page;
    }
    return found;
  }

  /** Starts an action on something, and resolves when it is done. */
  async function act(path, action, signal, body = {}) {
    const reply = await call("POST", `${path}/actions/${action}`, signal, body);
    await done(reply.actions ?? [reply.action], signal);
  }

  async function done(actions, signal) {
    for (let action of actions) {
      while (action.status === "running") {
        await clock.sleep(1000, signal);
        ({ action } = await call("GET", `/actions/${action.id}`, signal));
      }
      if (action.status === "error") throw new BeltError("provider.refused", `Hetzner: ${action.error?.message}`);
    }
  }

  return { call, list, act, done };
}

/** What stands in the way without a token. */
export const noToken = {
  message: "HCLOUD_TOKEN is not set",
  hint: "Make a token with read and write access in the project's console (Security, API tokens), and export it.",
};

/** Hetzner's own word for what went wrong. */
export function codeOf(error) {
  return error.cause?.code;
}

function mayPass(method, error) {
  return method !== "POST" && error instanceof BeltError && error.retryable;
}

function refusal(reply, text) {
  const { code = `http_${reply.status}`, message = reply.statusText } = parsed(text).error ?? {};
  const cause = Object.assign(new Error(message), { code, status: reply.status });
  const hint = hints[code];
  const kind = kinds[code] ?? (reply.status >= 500 ? "provider.unavailable" : "provider.refused");
  const retryable = kind === "provider.unavailable" || passing.includes(code);
  return new BeltError(kind, `Hetzner: ${message} (${code})`, { cause, retryable, ...(hint && { hint }) });
}

const kinds = {
  ...{ resource_limit_exceeded: "provider.capacity", resource_unavailable: "provider.capacity" },
  ...{ placement_error: "provider.capacity", rate_limit_exceeded: "provider.unavailable" },
};
const hints = {
  unauthorized: "HCLOUD_TOKEN is refused: make another one in the project's console.",
  token_readonly: "HCLOUD_TOKEN may only read: make one with read and write access.",
  resource_limit_exceeded:
    "The project's limit is reached: ask for a higher one in the console, or make fewer machines.",
  resource_unavailable: "Try another region or another size.",
};

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // a proxy on the way answers in HTML
  }
}
