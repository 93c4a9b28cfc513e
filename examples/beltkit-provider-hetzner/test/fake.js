import { createServer } from "node:http";

/**
 * A project of Hetzner Cloud in memory, behind the real HTTP API as far as the provider uses it: states that change slowly, a
 * private address that comes late, pages, names that are unique, actions that lock, a rate limit, and replies that get lost.
 */
export async function openFake(change = {}) {
  const settings = {
    token: "secret-token",
    stateMs: 40,
    pageSize: 3,
    perSecond: 1000,
    burst: 1000,
    serverLimit: 50,
    ...change,
  };
  const world = new World(settings);
  const http = createServer((request, response) => void answer(world, request, response));
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    env: { HCLOUD_TOKEN: settings.token, HCLOUD_ENDPOINT: `http://127.0.0.1:${http.address().port}/v1` },
    /** Every change that took effect, such as `POST /servers`. */
    ledger: world.ledger,
    /** Every call that came in, with the status of its reply. */
    calls: world.calls,
    /** Everything that is there. */
    left: () => Object.values(world.kinds).flatMap((things) => things.filter((one) => one.goneAt === undefined)),
    userData: (name) => world.userData.get(name),
    loseNextReply: () => world.losing.push("POST /servers"),
    close: () => {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    },
  };
}

const prices = (net) =>
  ["fsn1", "nbg1"].map((location) => ({ location, price_hourly: { net, gross: `${Number(net) * 1.19}` } }));
const types = [
  { id: 1, name: "cx23", prices: prices("0.0056") },
  { id: 2, name: "cx33", prices: prices("0.0088") },
  { id: 3, name: "cpx12", prices: prices("0.0104") },
  { id: 4, name: "cax11", prices: prices("0.0064") },
];
const images = ["debian-13", "ubuntu-24.04"].map((name, id) => ({ id, name, type: "system" }));

class World {
  kinds = { servers: [], networks: [], ssh_keys: [], firewalls: [], server_types: types, images };
  actions = new Map();
  ledger = [];
  calls = [];
  losing = [];
  userData = new Map();
  #id = 1000;
  #spent = 0;
  #refilledAt = Date.now();

  constructor(settings) {
    this.settings = settings;
  }

  nextId() {
    this.#id += 1;
    return this.#id;
  }

  /** An action that runs for a while; what happens at its end happens then. */
  begin(command, resource, atEnd = () => {}) {
    const action = { id: this.nextId(), command, status: "running", error: null };
    const endsAt = Date.now() + this.settings.stateMs;
    this.actions.set(action.id, { action, resource, endsAt, atEnd });
    return { ...action };
  }

  /** Lets what is due by now come about. */
  tick() {
    for (const under of this.actions.values()) {
      if (under.action.status !== "running" || under.endsAt > Date.now()) continue;
      under.action.status = "success";
      under.atEnd();
    }
    for (const kind of ["servers"])
      this.kinds[kind] = this.kinds[kind].filter(({ goneAt }) => goneAt === undefined || goneAt > Date.now());
  }

  isLocked(thing) {
    return [...this.actions.values()].some(({ action, resource }) => action.status === "running" && resource === thing);
  }

  /** One call's share of the limit: https://docs.hetzner.cloud/reference/cloud#rate-limiting */
  spend() {
    const { perSecond, burst } = this.settings;
    this.#spent = Math.max(0, this.#spent - ((Date.now() - this.#refilledAt) / 1000) * perSecond);
    this.#refilledAt = Date.now();
    const isOver = this.#spent + 1 > burst;
    if (!isOver) this.#spent += 1;
    const reset = Math.ceil(Date.now() / 1000 + this.#spent / perSecond);
    const remaining = Math.floor(burst - this.#spent);
    return {
      isOver,
      headers: { "RateLimit-Limit": burst, "RateLimit-Remaining": remaining, "RateLimit-Reset": reset },
    };
  }
}

async function answer(world, request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const url = new URL(request.url, "http://fake");
  const path = url.pathname.replace(/^\/v1/, "");
  const { isOver, headers } = world.spend();
  world.tick();
  const asked = { method: request.method, path, query: url.searchParams, body: bodyOf(chunks) };
  const isKnown = request.headers.authorization === `Bearer ${world.settings.token}`;
  const [status, content] = isOver
    ? failed(429, "rate_limit_exceeded", "Limit of requests is exceeded")
    : isKnown
      ? route(world, asked)
      : failed(401, "unauthorized", "unable to authenticate");
  world.calls.push(`${asked.method} ${path} ${status}`);
  if (asked.method !== "GET" && status < 400) world.ledger.push(`${asked.method} ${path}`);
  const lost = world.losing.indexOf(`${asked.method} ${path}`);
  if (lost >= 0 && status < 400) {
    world.losing.splice(lost, 1);
    request.socket.destroy();
    return;
  }
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(content === undefined ? undefined : JSON.stringify(content));
}

function bodyOf(chunks) {
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : JSON.parse(text);
}

function failed(status, code, message) {
  return [status, { error: { code, message, details: null } }];
}

const missing = () => failed(404, "not_found", "the thing was not found");

function route(world, { method, path, query, body }) {
  const [, kind, id, word, action] = path.split("/");
  if (kind === "actions") return [200, { action: { ...world.actions.get(Number(id))?.action } }];
  const things = world.kinds[kind];
  if (!things) return missing();
  if (id === undefined) return method === "GET" ? page(world, kind, query) : create(world, kind, body);
  const thing = things.find((one) => one.id === Number(id));
  if (!thing) return missing();
  if (word === "actions") return act(world, { kind, thing, action, body });
  if (method === "DELETE") return erase(world, kind, thing);
  return [200, { [kind.slice(0, -1)]: thing }];
}

function page(world, kind, query) {
  const size = Math.min(Number(query.get("per_page") ?? 25), world.settings.pageSize);
  const number = Number(query.get("page") ?? 1);
  const wanted = (query.get("label_selector") ?? "").split(",").filter((word) => word !== "");
  const found = world.kinds[kind].filter(
    (one) =>
      wanted.every((word) => one.labels?.[word.split("==")[0]] === word.split("==")[1]) &&
      ["name", "type"].every((key) => !query.has(key) || one[key] === query.get(key)),
  );
  const last = Math.max(1, Math.ceil(found.length / size));
  const pagination = { page: number, per_page: size, next_page: number < last ? number + 1 : null, last_page: last };
  return [200, { [kind]: found.slice((number - 1) * size, number * size), meta: { pagination } }];
}

const invalid = (message) => failed(422, "invalid_input", message);
const isLabel = (value) => /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$|^$/.test(value);

function create(world, kind, body) {
  const things = world.kinds[kind];
  const badLabel = Object.entries(body.labels ?? {}).find(([, value]) => !isLabel(String(value)));
  if (badLabel) return invalid(`invalid label ${badLabel[0]}`);
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(body.name ?? "")) return invalid("invalid name");
  const isTaken = things.some(
    ({ name, public_key }) => name === body.name || (public_key && public_key === body.public_key),
  );
  if (isTaken) return failed(409, "uniqueness_error", "name is already used");
  if (kind === "servers") return addServer(world, body);
  const { apply_to: applied_to = [], ...rest } = body;
  const thing = { id: world.nextId(), ...rest, ...(kind === "firewalls" ? { applied_to } : {}) };
  things.push(thing);
  const actions = kind === "firewalls" ? { actions: [world.begin("apply_firewall", thing)] } : {};
  return [201, { [kind.slice(0, -1)]: thing, ...actions }];
}

function addServer(
  world,
  { name, server_type, image, location, labels, user_data = "", networks = [], ssh_keys = [] },
) {
  const type = types.find((one) => one.name === server_type);
  const base = images.find((one) => one.name === image);
  const unknown = [
    [type, "server_type"],
    [base, "image"],
  ].find(([there]) => !there);
  if (unknown) return invalid(`invalid input in field '${unknown[1]}'`);
  if (user_data.length > 32_768) return invalid("user_data is too long");
  const nets = networks.map((id) => world.kinds.networks.find((one) => one.id === id));
  const keys = ssh_keys.map((id) => world.kinds.ssh_keys.find((one) => one.id === id));
  if ([...nets, ...keys].includes(undefined)) return missing();
  if (world.kinds.servers.length >= world.settings.serverLimit)
    return failed(403, "resource_limit_exceeded", "server limit exceeded");
  const id = world.nextId();
  const server = {
    ...{ id, name, status: "initializing", labels, server_type: type, image: base, created: new Date().toISOString() },
    ...{ public_net: { ipv4: { ip: `203.0.113.${id % 250}` } }, private_net: [] },
    ...{ location: { name: location }, datacenter: { location: { name: location } } },
  };
  world.kinds.servers.push(server);
  world.userData.set(name, user_data);
  const attach = () => {
    if (nets.length > 0) server.private_net = [{ network: nets[0].id, ip: `10.98.0.${id % 250}` }];
  };
  const action = world.begin("create_server", server, () => {
    server.status = "running";
    world.begin("attach_to_network", undefined, attach);
  });
  return [201, { server, action, next_actions: [], root_password: ssh_keys.length > 0 ? null : "mailed" }];
}

function erase(world, kind, thing) {
  if (kind === "firewalls" && thing.applied_to.length > 0)
    return failed(409, "resource_in_use", `firewall with ID ${thing.id} is still in use`);
  if (kind !== "servers") {
    world.kinds[kind] = world.kinds[kind].filter((one) => one !== thing);
    return [204, undefined];
  }
  if (world.isLocked(thing)) return failed(423, "locked", "server is locked");
  thing.status = "deleting";
  thing.goneAt = Date.now() + world.settings.stateMs;
  return [200, { action: world.begin("delete_server", thing) }];
}

const ends = { poweron: "running", shutdown: "off", poweroff: "off", reboot: "running" };

function act(world, { kind, thing, action, body }) {
  if (world.isLocked(thing)) return failed(423, "locked", "the resource is locked");
  if (kind === "firewalls") {
    if (action === "set_rules") thing.rules = body.rules;
    if (action === "remove_from_resources") {
      const gone = body.remove_from.map(({ label_selector }) => label_selector.selector);
      thing.applied_to = thing.applied_to.filter(({ label_selector }) => !gone.includes(label_selector.selector));
    }
    return [201, { actions: [world.begin(action, thing)] }];
  }
  if (ends[action] === undefined) return missing();
  const finish = () => {
    thing.status = ends[action];
  };
  return [201, { action: world.begin(action, thing, finish) }];
}
