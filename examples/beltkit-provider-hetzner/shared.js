import { codeOf } from "./api.js";

const kinds = ["networks", "ssh_keys", "firewalls"];
const zones = { ash: "us-east", hil: "us-west", sin: "ap-southeast" };

/** A cluster's network, SSH key and firewalls: found by their labels, and by their names if an answer was lost. */
export function sharedParts(api, { labelsOf, prefixOf, optionsOf }) {
  const look = async (clusterId, signal) => {
    const query = { label_selector: `belt-cluster-id==${clusterId}` };
    return await Promise.all(kinds.map((kind) => api.list(kind, signal, query)));
  };
  const make = (kind, body, signal) => api.act(`/${kind}`, signal, body).catch(unless("uniqueness_error"));
  const erase = async (kind, { id, applied_to = [] }, signal) => {
    const remove_from = applied_to.map(({ type, label_selector }) => ({ type, label_selector }));
    const detach = `/${kind}/${id}/actions/remove_from_resources`;
    if (remove_from.length > 0) await api.act(detach, signal, { remove_from });
    await api.call("DELETE", `/${kind}/${id}`, signal).catch(unless("not_found"));
  };
  /** What is to be done, each in words and as the doing. */
  const plan = async (spec, signal) => {
    const [networks, keys, firewalls] = await look(spec.clusterId, signal);
    const { network: ip_range, region } = optionsOf(spec);
    const common = { name: prefixOf(spec.clusterId), labels: labelsOf(spec) };
    const subnets = [{ type: "cloud", ip_range, network_zone: zones[region] ?? "eu-central" }];
    const makeNetwork = () => make("networks", { ...common, ip_range, subnets }, signal);
    const makeKey = async () =>
      await make("ssh_keys", { ...common, public_key: (await spec.authorizedKeys())[0] }, signal);
    const wanted = firewallsFor(spec, common.name);
    const changes = wanted.flatMap((one) => {
      const there = named(firewalls, one);
      if (!there) return [[`let in ${words(one)}`, () => make("firewalls", { ...common, ...one }, signal)]];
      const set = () => api.act(`/firewalls/${there.id}/actions/set_rules`, signal, { rules: one.rules });
      return words(one) === words(there) ? [] : [[`let in ${words(one)}, no longer ${words(there)}`, set]];
    });
    const obsolete = firewalls.filter((one) => !named(wanted, one));
    return [
      ...(networks.length > 0 ? [] : [[`make the network ${ip_range}`, makeNetwork]]),
      ...(keys.length > 0 ? [] : [["put the cluster's SSH key into the project", makeKey]]),
      ...changes,
      ...obsolete.map((one) => [`no longer let in ${words(one)}`, () => erase("firewalls", one, signal)]),
    ];
  };
  const found = new Map();
  return {
    inspect: async (spec, signal) => (await plan(spec, signal)).map(([inWords]) => inWords),
    ensure: async (spec, signal) => {
      for (const [, change] of await plan(spec, signal)) await change();
      found.delete(spec.clusterId);
    },
    remove: async (clusterId, signal) => {
      for (const [index, parts] of (await look(clusterId, signal)).entries())
        for (const part of parts) await erase(kinds[index], part, signal);
    },
    /** What a new server of a cluster refers to: looked up once. */
    references: async (clusterId, signal) => {
      if (!found.has(clusterId)) found.set(clusterId, await look(clusterId, signal));
      const [networks, ssh_keys] = found.get(clusterId).map((parts) => parts.map(({ id }) => id));
      return { networks, ssh_keys };
    },
  };
}

/** One firewall for all machines, and one for each group of which something is published. The private network is not filtered. */
function firewallsFor({ clusterId, firewall, groups }, prefix) {
  const { operators = [], engineForOperators, publish = [] } = firewall ?? {};
  const applied = (selector) => [{ type: "label_selector", label_selector: { selector } }];
  const rule = ({ protocol = "tcp", from, to = from, sources }) => {
    return { direction: "in", protocol, port: from === to ? `${from}` : `${from}-${to}`, source_ips: sources };
  };
  const ports = operators.length === 0 ? [] : engineForOperators ? [22, 2376] : [22];
  const rules = ports.map((from) => rule({ from, sources: operators }));
  const published = groups.map((group) => ({
    name: `${prefix}-${group}`,
    rules: publish.filter((one) => one.groups.includes(group)).map(rule),
    apply_to: applied(`belt-cluster-id==${clusterId},belt-group==${group}`),
  }));
  const all = { name: prefix, rules, apply_to: applied(`belt-cluster-id==${clusterId}`) };
  return [all, ...published.filter((one) => one.rules.length > 0)];
}

const words = ({ name, rules }) => {
  const open = rules.map(({ protocol, port, source_ips }) => `${port}/${protocol} from ${source_ips.join(", ")}`);
  return `${open.join("; ") || "nobody"} on ${name.split("-").slice(2).join("-") || "all machines"}`;
};
const named = (list, { name }) => list.find((one) => one.name === name);
const unless = (code) => (error) => {
  if (codeOf(error) !== code) throw error;
};
