import { codeOf } from "./api.js";

const zones = { ash: "us-east", hil: "us-west", sin: "ap-southeast" };
const kinds = ["networks", "ssh_keys", "firewalls"];

/** A cluster's network, SSH key and firewalls, known by their labels; firewalls hold for servers by their labels, too. */
export function sharedParts(api, { labelsOf, suffixOf, defaults }) {
  const found = new Map();
  const mine = (clusterId) => ({ label_selector: `belt-cluster-id==${clusterId}` });

  async function look(clusterId, signal) {
    const lists = await Promise.all(kinds.map((kind) => api.list(kind, signal, mine(clusterId))));
    return Object.fromEntries(kinds.map((kind, index) => [kind, lists[index]]));
  }

  /** Made by a name of its own: one that is there already was made by a call whose answer was lost. */
  async function make(kind, body, signal) {
    try {
      await api.done((await api.call("POST", `/${kind}`, signal, body)).actions ?? [], signal);
    } catch (error) {
      if (codeOf(error) !== "uniqueness_error") throw error;
    }
  }

  async function erase(kind, part, signal) {
    const path = `/${kind}/${part.id}`;
    const remove_from = (part.applied_to ?? []).map(({ type, label_selector, server }) => ({
      type,
      label_selector,
      server,
    }));
    if (remove_from.length > 0) await api.act(path, "remove_from_resources", signal, { remove_from });
    await api.call("DELETE", path, signal).catch((error) => {
      if (codeOf(error) !== "not_found") throw error;
    });
  }

  /** What each firewall is to let in, and lets in now, by its name. */
  function compare(spec, firewalls) {
    const wanted = firewallsFor(spec, `belt-${suffixOf(spec.clusterId)}`);
    const names = new Set([...wanted.keys(), ...firewalls.map(({ name }) => name)]);
    return [...names].map((name) => {
      const there = firewalls.find((one) => one.name === name);
      const [want, have] = [wanted.get(name)?.rules ?? [], there?.rules ?? []].map((rules) => rules.map(sentence));
      const opened = want.filter((rule) => !have.includes(rule));
      const closed = have.filter((rule) => !want.includes(rule));
      return { name, there, wanted: wanted.get(name), opened, closed };
    });
  }

  return {
    /** What a new server of a cluster refers to. */
    references: async (clusterId, signal) => {
      if (!found.has(clusterId)) found.set(clusterId, await look(clusterId, signal));
      const { networks, ssh_keys } = found.get(clusterId);
      return { networks: networks.map(({ id }) => id), ssh_keys: ssh_keys.map(({ id }) => id) };
    },
    inspect: async (spec, signal) => {
      const { networks, ssh_keys, firewalls } = await look(spec.clusterId, signal);
      const changes = compare(spec, firewalls).flatMap(({ name, there, wanted, opened, closed }) => [
        ...(there || !wanted ? [] : [`make the firewall ${name}`]),
        ...opened.map((rule) => `open ${rule} on ${wanted.on}`),
        ...closed.map((rule) => `close ${rule} on ${wanted?.on ?? name}`),
      ]);
      return [
        ...(networks.length > 0 ? [] : [`make the network ${{ ...defaults, ...spec.options }.network}`]),
        ...(ssh_keys.length > 0 ? [] : ["put the cluster's SSH key into the project"]),
        ...changes,
      ];
    },
    ensure: async (spec, signal) => {
      const { networks, ssh_keys, firewalls } = await look(spec.clusterId, signal);
      const { network: ip_range, region } = { ...defaults, ...spec.options };
      const common = { name: `belt-${suffixOf(spec.clusterId)}`, labels: labelsOf(spec) };
      const subnets = [{ type: "cloud", ip_range, network_zone: zones[region] ?? "eu-central" }];
      if (networks.length === 0) await make("networks", { ...common, ip_range, subnets }, signal);
      if (ssh_keys.length === 0)
        await make("ssh_keys", { ...common, public_key: (await spec.authorizedKeys())[0] }, signal);
      for (const { name, there, wanted, opened, closed } of compare(spec, firewalls)) {
        if (!wanted) await erase("firewalls", there, signal);
        else if (!there) await make("firewalls", { ...common, name, rules: wanted.rules, apply_to: wanted.to }, signal);
        else if (opened.length + closed.length > 0)
          await api.act(`/firewalls/${there.id}`, "set_rules", signal, { rules: wanted.rules });
      }
      found.delete(spec.clusterId);
    },
    remove: async (clusterId, signal) => {
      const parts = await look(clusterId, signal);
      for (const kind of kinds) for (const part of parts[kind]) await erase(kind, part, signal);
      found.delete(clusterId);
    },
  };
}

/** One firewall for all machines, and one for each group of which something is published; the private network is not filtered. */
function firewallsFor({ clusterId, firewall, groups }, name) {
  const { operators = [], engineForOperators = false, publish = [] } = firewall ?? {};
  const all = `belt-cluster-id==${clusterId}`;
  const applied = (selector) => [{ type: "label_selector", label_selector: { selector } }];
  const rule = ({ protocol, from, to, sources }) => {
    const port = from === to ? String(from) : `${from}-${to}`;
    return { direction: "in", protocol, port, source_ips: sources };
  };
  const forOperators = (engineForOperators ? [22, 2376] : [22]).map((port) =>
    rule({ protocol: "tcp", from: port, to: port, sources: operators }),
  );
  const firewalls = new Map([
    [name, { on: "all machines", to: applied(all), rules: operators.length > 0 ? forOperators : [] }],
  ]);
  for (const group of groups) {
    const rules = publish.filter((one) => one.groups.includes(group)).map(rule);
    const to = applied(`${all},belt-group==${group}`);
    if (rules.length > 0) firewalls.set(`${name}-${group}`, { on: group, to, rules });
  }
  return firewalls;
}

function sentence({ protocol, port, source_ips }) {
  return `${port}/${protocol} to ${[...source_ips].sort().join(", ")}`;
}
