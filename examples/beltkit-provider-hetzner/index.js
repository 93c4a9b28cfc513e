import { createHash } from "node:crypto";
import { BeltError, defineProvider } from "beltkit";
import { codeOf, hetznerApi, noToken } from "./api.js";
import { sharedParts } from "./shared.js";

const defaults = { region: "fsn1", size: "cx23", image: "ubuntu-24.04", network: "10.98.0.0/16" };
const text = (description, name) => ({ type: "string", minLength: 1, default: defaults[name], description });

/** Machines of Hetzner Cloud. */
export default defineProvider({
  contract: 1,
  name: "hetzner",
  title: "Servers of Hetzner Cloud",
  pace: { pollMs: 3000, batch: 1, parallel: 4 },
  hostKeys: "call", // in user data, which any process of the machine can read
  firewall: "provider",
  policy: "An API token of the project with read and write access, in HCLOUD_TOKEN.",
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      region: text("The location: fsn1, nbg1, hel1, ash, hil or sin.", "region"),
      size: text("The server type where a group names no size.", "size"),
      image: text("A system image by its name, such as debian-13.", "image"),
      network: { ...text("The private network of the cluster.", "network"), pattern: "^[0-9.]+/[0-9]{1,2}$" },
    },
  },
  describe: (options) => {
    const { image, region, size } = { ...defaults, ...options };
    return { image, region, defaultSize: size };
  },
  open: async (context) => openHetzner(context, hetznerApi(context)),
});

function openHetzner(context, api) {
  const shared = sharedParts(api, { labelsOf, suffixOf, defaults });
  return {
    name: "hetzner",
    check: (spec, signal) => check(context, api, spec, signal),
    list: async (clusterId, signal) =>
      (await api.list("servers", signal, { label_selector: `belt-cluster-id==${clusterId}` })).map(machineOf),
    clusters: async (name, signal) => {
      const servers = await api.list("servers", signal, { label_selector: `belt-cluster==${name}` });
      return [...new Set(servers.map(({ labels }) => labels["belt-cluster-id"]))];
    },
    create: async (requests, signal) => {
      const outcomes = [];
      for (const request of requests) outcomes.push(await createOne(api, shared, request, signal));
      return outcomes;
    },
    remove: (machines, signal) => Promise.all(machines.map((machine) => removeOne(api, machine, signal))),
    shared,
    power: powerControl(context, api),
    resize: resizeControl(context, api),
    prices: {
      currency: "EUR",
      hourly: async (machines, signal) => {
        const types = await api.list("server_types", signal);
        return machines.map((machine) => priceOf(types, machine));
      },
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

async function check({ env }, api, { requests }, signal) {
  if (!env.HCLOUD_TOKEN) return [noToken];
  const types = await api.list("server_types", signal);
  const problems = new Map();
  for (const machine of requests) {
    const { image, region, size } = { ...defaults, ...machine.options, ...(machine.size && { size: machine.size }) };
    if (priceOf(types, machine) === undefined) {
      const sold = types.filter(({ prices }) => prices.some(({ location }) => location === region));
      const hint = sold.length > 0 ? `There is: ${sold.map(({ name }) => name).join(", ")}` : "Choose another region.";
      problems.set(size, { message: `Hetzner has no size ${size} in ${region}`, hint });
    }
    if (!problems.has(image) && (await api.list("images", signal, { name: image })).length === 0)
      problems.set(image, { message: `Hetzner has no image ${image}`, hint: "One that is there: debian-13." });
  }
  return [...problems.values()];
}

function priceOf(types, { size, options }) {
  const wanted = { ...defaults, ...options };
  const type = types.find(({ name }) => name === (size ?? wanted.size));
  const price = type?.prices.find(({ location }) => location === wanted.region);
  return price && Number(price.price_hourly.net);
}

/** A server's name is unique in its project: a request whose answer was lost is recognized by it when it is sent again. */
async function createOne(api, shared, request, signal) {
  const name = `${request.name}-${suffixOf(request.clusterId)}`;
  const options = { ...defaults, ...request.options };
  try {
    const { server } = await api.call("POST", "/servers", signal, {
      ...{ name, server_type: request.size ?? options.size, image: options.image, location: options.region },
      ...(await shared.references(request.clusterId, signal)),
      labels: { ...labelsOf(request), "belt-name": request.name, "belt-spec": request.specHash },
      user_data: cloudConfig(request),
    });
    return { kind: "accepted", machine: machineOf(server) };
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) !== "uniqueness_error") return { kind: "refused", name: request.name, error };
    return await takenName(api, { name, request }, signal);
  }
}

async function takenName(api, { name, request }, signal) {
  const [server] = await api.list("servers", signal, { name });
  const refused = (message, retryable) => {
    const error = new BeltError("provider.refused", message, { retryable, hint: "Look at it in the console." });
    return { kind: "refused", name: request.name, error };
  };
  if (!server || server.status === "deleting") return refused(`the server ${name} is still being deleted`, true);
  if (server.labels["belt-cluster-id"] !== request.clusterId)
    return refused(`a server ${name} of others is there`, false);
  return { kind: "exists", machine: machineOf(server) };
}

async function removeOne(api, machine, signal) {
  try {
    await api.call("DELETE", `/servers/${machine.id}`, signal);
    return { kind: "removed", machine };
  } catch (error) {
    signal.throwIfAborted();
    return codeOf(error) === "not_found" ? { kind: "removed", machine } : { kind: "failed", machine, error };
  }
}

function powerControl({ clock }, api) {
  const statusOf = async (path, signal) => (await api.call("GET", path, signal)).server.status;
  const until = async (path, wanted, tries, signal) => {
    for (; tries > 0; tries -= 1) {
      if ((await statusOf(path, signal)) === wanted) return true;
      await clock.sleep(2000, signal);
    }
    return false;
  };
  const reach = async ({ id, name }, wanted, actions, signal) => {
    const path = `/servers/${id}`;
    if ((await statusOf(path, signal)) === wanted && actions[0] !== "reboot") return;
    for (const action of actions) {
      await api.act(path, action, signal);
      if (await until(path, wanted, 30, signal)) return;
    }
    throw new BeltError("timeout", `${name} did not come to be ${wanted} within a minute`, { retryable: true });
  };
  return {
    start: (machine, signal) => reach(machine, "running", ["poweron"], signal),
    stop: (machine, signal) => reach(machine, "off", ["shutdown", "poweroff"], signal), // a guest may ignore the first
    restart: (machine, signal) => reach(machine, "running", ["reboot"], signal),
  };
}

function resizeControl(context, api) {
  const power = powerControl(context, api);
  return {
    restarts: true,
    resize: async (machine, size, signal) => {
      const { server } = await api.call("GET", `/servers/${machine.id}`, signal);
      if (server.server_type.name !== size) {
        await power.stop(machine, signal);
        await api.act(`/servers/${machine.id}`, "change_type", signal, { server_type: size, upgrade_disk: false });
      }
      if (machine.state.kind === "running") await power.start(machine, signal);
    },
  };
}

function labelsOf({ clusterId, clusterName, group }) {
  return { "belt-cluster-id": clusterId, "belt-cluster": clusterName, ...(group && { "belt-group": group }) };
}

function suffixOf(clusterId) {
  return createHash("sha256").update(clusterId).digest("hex").slice(0, 8);
}

/** https://docs.cloud-init.io/en/latest/reference/modules.html: JSON is YAML. */
function cloudConfig({ name, hostKey, authorizedKeys }) {
  const config = {
    ...{ hostname: name, ssh_authorized_keys: authorizedKeys, ssh_pwauth: false, disable_root: false },
    ...{ ssh_deletekeys: true, ssh_genkeytypes: [] },
    ssh_keys: { ed25519_private: hostKey.privateKey.reveal(), ed25519_public: hostKey.publicKey },
  };
  return `#cloud-config\n${JSON.stringify(config)}\n`;
}

const states = { running: "running", off: "stopped", stopping: "stopped", deleting: "removing" };

function machineOf({ id, status, labels, public_net, private_net, server_type, image, ...server }) {
  const privateAddress = private_net[0]?.ip || undefined;
  // A server runs before it is in its network; it is of use only then.
  const kind = status === "running" && !privateAddress ? "creating" : (states[status] ?? "creating");
  return {
    ...{ id: String(id), name: labels["belt-name"], group: labels["belt-group"], provider: "hetzner" },
    ...{ clusterId: labels["belt-cluster-id"], clusterName: labels["belt-cluster"], specHash: labels["belt-spec"] },
    ...{ state: { kind }, privateAddress, publicAddress: public_net.ipv4?.ip, user: "root", port: 22 },
    ...{ size: server_type.name, image: image?.name ?? "", hostKey: undefined },
    region: (server.location ?? server.datacenter.location).name,
    createdAt: new Date(server.created).toISOString(),
  };
}
