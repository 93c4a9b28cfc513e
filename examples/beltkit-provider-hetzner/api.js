import { BeltError } from "beltkit";

/** What stands in the way without a token. */
export const noToken = {
  message: "HCLOUD_TOKEN is not set",
  hint: "Make a token with read and write access in the project's console (Security, API tokens), and export it.",
};

/** A client of the Hetzner Cloud API, https://docs.hetzner.cloud/reference/cloud, on fetch alone. */
export function hetznerApi({ env, clock, random }) {
  const endpoint = env.HCLOUD_ENDPOINT ?? "https://api.hetzner.cloud/v1";

  /** One call. What passes is waited for; a POST is sent again only if the one before was turned away. */
  async function call(method, path, signal, body) {
    if (!env.HCLOUD_TOKEN) throw new BeltError("provider.requirements", noToken.message, { hint: noToken.hint });
    const headers = { authorization: `Bearer ${env.HCLOUD_TOKEN}`, "content-type": "application/json" };
    for (let attempt = 1; ; attempt += 1) {
      const bounded = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
      const request = { method, headers, signal: bounded, body: body && JSON.stringify(body) };
      const sent = fetch(`${endpoint}${path}`, request).then(async (reply) => ({ reply, text: await reply.text() }));
      const { reply, text = "", cause } = await sent.catch((lost) => ({ cause: lost }));
      signal.throwIfAborted();
      if (reply?.ok) return text === "" ? {} : JSON.parse(text);
      const error = reply ? refusal(reply, text) : noAnswer(method, path, cause);
      const mayAgain = method === "POST" ? passing.includes(codeOf(error)) : error.retryable;
      if (!mayAgain || attempt === 8) throw error;
      await clock.sleep(Math.min(60_000, 500 * 2 ** attempt) * (0.5 + random() / 2), signal);
    }
  }

  /** Everything that a list has, page by page. */
  async function list(path, signal, query = {}) {
    const found = [];
    for (let page = 1; page; ) {
      const reply = await call("GET", `/${path}?${new URLSearchParams({ ...query, page, per_page: 50 })}`, signal);
      found.push(...reply[path]);
      page = reply.meta?.pagination?.next_page;
    }
    return found;
  }

  /** A call that starts actions; resolves when they are done. */
  async function act(path, signal, body = {}) {
    const { action: only, actions = only ? [only] : [] } = await call("POST", path, signal, body);
    for (let action of actions) {
      for (; action.status === "running"; { action } = await call("GET", `/actions/${action.id}`, signal))
        await clock.sleep(1000, signal);
      if (action.status === "error") throw new BeltError("provider.refused", `Hetzner: ${action.error?.message}`);
    }
  }
  return { call, list, act };
}

/** Hetzner's own word for what went wrong: https://docs.hetzner.cloud/reference/cloud#errors */
export const codeOf = (error) => error.cause?.code;

const passing = ["rate_limit_exceeded", "locked", "conflict"];
const capacity = ["resource_limit_exceeded", "resource_unavailable", "placement_error"];
const hints = { unauthorized: noToken.hint, token_readonly: noToken.hint, resource_unavailable: "Try another region." };

const noAnswer = (method, path, cause) =>
  new BeltError("provider.unavailable", `Hetzner gave no answer to ${method} ${path}`, { retryable: true, cause });

function refusal(reply, text) {
  const { code, message } = /^\s*\{\s*"error"/.test(text) ? JSON.parse(text).error : { message: text };
  const retryable = reply.status >= 500 || passing.includes(code);
  const kind = retryable ? "provider.unavailable" : capacity.includes(code) ? "provider.capacity" : "provider.refused";
  const cause = Object.assign(new Error(message), { code });
  return new BeltError(kind, `Hetzner: ${message} (${code ?? reply.status})`, { cause, retryable, hint: hints[code] });
}
