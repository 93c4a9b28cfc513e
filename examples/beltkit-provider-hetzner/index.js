import { createHash } from "node:crypto";
import { BeltError, defineProvider } from "beltkit";
import { codeOf, hetznerApi, noToken } from "./api.js";
import { sharedParts } from "./shared.js";

const defaults = { region: "fsn1", size: "cx23", image: "ubuntu-24.04", network: "10.98.0.0/16" };
const optionsOf = ({ options, size }) => ({ ...defaults, ...options, ...(size && { size }) });
const labelsOf = ({ clusterId, clusterName }) => ({ "belt-cluster-id": clusterId, "belt-cluster": clusterName });
/** Short, and another one for each cluster. */
const prefixOf = (clusterId) => `belt-${createHash("sha256").update(clusterId).digest("hex").slice(0, 8)}`;
const option = (name, description) => ({ type: "string", minLength: 1, default: defaults[name], description });

/** Machines of Hetzner Cloud. */
export default defineProvider({
  contract: 1,
  name: "hetzner",
  title: "Servers of Hetzner Cloud",
  pace: { pollMs: 3000, batch: 1, parallel: 4 },
  hostKeys: "call", // it travels in user data, which every process of the machine can read
  firewall: "provider",
  policy: "An API token of the project with read and write access, in HCLOUD_TOKEN.",
  options: {
    type: "object",
    additionalProperties: false,
    properties: {
      region: option("region", "The location: fsn1, nbg1, hel1, ash, hil or sin."),
      size: option("size", "The server type of machines for which no size is named."),
      image: option("image", "A system image, by its name."),
      network: { ...option("network", "The cluster's private network."), pattern: "^[0-9.]+/[0-9]+$" },
    },
  },
  describe: (options) => {
    const { image, region, size } = optionsOf({ options });
    return { image, region, defaultSize: size };
  },
  open: async (context) => {
    const api = hetznerApi(context);
    const shared = sharedParts(api, { labelsOf, prefixOf, optionsOf });
    const servers = (key, value, signal) => api.list("servers", signal, { label_selector: `${key}==${value}` });
    return {
      name: "hetzner",
      check: async (spec, signal) => (context.env.HCLOUD_TOKEN ? await check(api, spec, signal) : [noToken]),
      list: async (clusterId, signal) => (await servers("belt-cluster-id", clusterId, signal)).map(machineOf),
      clusters: async (name, signal) => [
        ...new Set((await servers("belt-cluster", name, signal)).map(({ labels }) => labels["belt-cluster-id"])),
      ],
      create: (requests, signal) => Promise.all(requests.map((request) => create(api, shared, request, signal))),
      remove: (machines, signal) => Promise.all(machines.map((machine) => remove(api, machine, signal))),
      shared,
      power: powerOf(context, api),
      prices: {
        currency: "EUR",
        hourly: async (machines, signal) => {
          const types = await api.list("server_types", signal);
          return machines.map((machine) => priceOf(types, machine));
        },
      },
      [Symbol.asyncDispose]: async () => {},
    };
  },
});

async function check(api, { requests }, signal) {
  const types = await api.list("server_types", signal);
  const wanted = requests.map((request) => ({ request, ...optionsOf(request) }));
  const problems = wanted.flatMap(({ request, size, region }) => {
    if (priceOf(types, request) !== undefined) return [];
    const sold = types.filter(({ prices }) => prices.some(({ location }) => location === region));
    const hint = `There is: ${sold.map(({ name }) => name).join(", ") || "nothing; choose another region"}`;
    return [{ message: `Hetzner has no size ${size} in ${region}`, hint }];
  });
  for (const name of new Set(wanted.map(({ image }) => image)))
    if ((await api.list("images", signal, { name, type: "system" })).length === 0)
      problems.push({ message: `Hetzner has no system image ${name}`, hint: "One that there is: debian-13" });
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}

/** Without value-added tax, and without the address. */
function priceOf(types, machine) {
  const { size, region } = optionsOf(machine);
  const price = types.find(({ name }) => name === size)?.prices.find(({ location }) => location === region);
  return price && Number(price.price_hourly.net);
}

/** A server's name is unique in its project, so that one whose answer was lost is found when it is asked for again. */
async function create(api, shared, request, signal) {
  const name = `${request.name}-${prefixOf(request.clusterId)}`;
  const { size, image, region } = optionsOf(request);
  const labels = { "belt-name": request.name, "belt-group": request.group, "belt-spec": request.specHash };
  const refused = (error) => ({ kind: "refused", name: request.name, error });
  try {
    const { server } = await api.call("POST", "/servers", signal, {
      ...{ name, server_type: size, image, location: region, user_data: cloudConfig(request) },
      ...{ labels: { ...labelsOf(request), ...labels } },
      ...(await shared.references(request.clusterId, signal)),
    });
    return { kind: "accepted", machine: machineOf(server) };
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) !== "uniqueness_error") return refused(error);
    const [server] = await api.list("servers", signal, { name });
    const isOurs = server?.labels["belt-cluster-id"] === request.clusterId;
    if (isOurs && server.status !== "deleting") return { kind: "exists", machine: machineOf(server) };
    const message = `the name ${name} is taken by ${server && !isOurs ? "a server of others" : "one that is going"}`;
    return refused(new BeltError("provider.refused", message, { retryable: !server || isOurs }));
  }
}

async function remove(api, machine, signal) {
  try {
    await api.call("DELETE", `/servers/${machine.id}`, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) !== "not_found") return { kind: "failed", machine, error };
  }
  return { kind: "removed", machine };
}

function powerOf({ clock }, api) {
  const act = async ({ id }, action, wanted, signal) => {
    const status = async () => (await api.call("GET", `/servers/${id}`, signal)).server.status;
    if (action !== "reboot" && (await status()) === wanted) return;
    await api.act(`/servers/${id}/actions/${action}`, signal);
    for (let tries = 0; tries < 30 && (await status()) !== wanted; tries += 1) await clock.sleep(2000, signal);
  };
  return {
    start: (machine, signal) => act(machine, "poweron", "running", signal),
    stop: async (machine, signal) => {
      await act(machine, "shutdown", "off", signal);
      await act(machine, "poweroff", "off", signal); // for one that did not listen
    },
    restart: (machine, signal) => act(machine, "reboot", "running", signal),
  };
}

/** https://docs.cloud-init.io/en/latest/reference/modules.html; JSON is YAML. */
function cloudConfig({ name, hostKey, authorizedKeys }) {
  const ssh_keys = { ed25519_private: hostKey.privateKey.reveal(), ed25519_public: hostKey.publicKey };
  const login = { ssh_authorized_keys: authorizedKeys, ssh_pwauth: false, disable_root: false };
  return `#cloud-config\n${JSON.stringify({ hostname: name, ...login, ssh_deletekeys: true, ssh_keys })}\n`;
}

const states = { running: "running", off: "stopped", deleting: "removing" };

function machineOf({ id, status, labels, public_net, private_net, server_type, image, ...server }) {
  const privateAddress = private_net[0]?.ip || undefined;
  // A server runs before it is in its network, and is of use only then.
  const kind = status === "running" && !privateAddress ? "creating" : (states[status] ?? "creating");
  return {
    ...{ id: `${id}`, name: labels["belt-name"], group: labels["belt-group"], provider: "hetzner", state: { kind } },
    ...{ clusterId: labels["belt-cluster-id"], clusterName: labels["belt-cluster"], specHash: labels["belt-spec"] },
    ...{ publicAddress: public_net.ipv4?.ip, privateAddress, user: "root", port: 22, hostKey: undefined },
    ...{
      size: server_type.name,
      region: (server.location ?? server.datacenter.location).name,
      image: image?.name ?? "",
    },
    createdAt: new Date(server.created).toISOString(),
  };
}
