import { codeOf } from "./api.js";

const kinds = ["networks", "ssh_keys", "firewalls"];
const zones = { ash: "us-east", hil: "us-west", sin: "ap-southeast" };

/** A cluster's network, SSH key and firewalls: found by their labels, and by their names if an answer was lost. */
export function sharedParts(api, { labelsOf, prefixOf, optionsOf }) {
  const look = async (clusterId, signal) => {
    const query = { label_selector: `belt-cluster-id==${clusterId}` };
    const lists = await Promise.all(kinds.map((kind) => api.list(kind, signal, query)));
    return Object.fromEntries(kinds.map((kind, index) => [kind, lists[index]]));
  };
  const make = (kind, body, signal) => api.act(`/${kind}`, signal, body).catch(unless("uniqueness_error"));
  const erase = async (kind, { id, applied_to = [] }, signal) => {
    const remove_from = applied_to.map(({ type, label_selector }) => ({ type, label_selector }));
    if (remove_from.length > 0) await api.act(`/${kind}/${id}/actions/remove_from_resources`, signal, { remove_from });
    await api.call("DELETE", `/${kind}/${id}`, signal).catch(unless("not_found"));
  };
  const found = new Map();
  return {
    /** What a new server of a cluster refers to: looked up once. */
    references: async (clusterId, signal) => {
      if (!found.has(clusterId)) found.set(clusterId, await look(clusterId, signal));
      const { networks, ssh_keys } = found.get(clusterId);
      return { networks: networks.map(({ id }) => id), ssh_keys: ssh_keys.map(({ id }) => id) };
    },
    inspect: async (spec, signal) => {
      const { networks, ssh_keys, firewalls } = await look(spec.clusterId, signal);
      const wanted = firewallsFor(spec, prefixOf(spec.clusterId));
      const [want, have] = [wanted.flatMap(sentences), firewalls.flatMap(sentences)];
      return [
        ...(networks.length > 0 ? [] : [`make the network ${optionsOf(spec).network}`]),
        ...(ssh_keys.length > 0 ? [] : ["put the cluster's SSH key into the project"]),
        ...wanted.filter((one) => !named(firewalls, one)).map(({ name }) => `make the firewall ${name}`),
        ...want.filter((one) => !have.includes(one)).map((one) => `open ${one}`),
        ...have.filter((one) => !want.includes(one)).map((one) => `close ${one}`),
      ];
    },
    ensure: async (spec, signal) => {
      const { networks, ssh_keys, firewalls } = await look(spec.clusterId, signal);
      const { network: ip_range, region } = optionsOf(spec);
      const common = { name: prefixOf(spec.clusterId), labels: labelsOf(spec) };
      const subnets = [{ type: "cloud", ip_range, network_zone: zones[region] ?? "eu-central" }];
      if (networks.length === 0) await make("networks", { ...common, ip_range, subnets }, signal);
      if (ssh_keys.length === 0)
        await make("ssh_keys", { ...common, public_key: (await spec.authorizedKeys())[0] }, signal);
      const wanted = firewallsFor(spec, prefixOf(spec.clusterId));
      for (const one of wanted) {
        const there = named(firewalls, one);
        if (!there) await make("firewalls", { ...common, ...one }, signal);
        else if (sentences(one).join() !== sentences(there).join())
          await api.act(`/firewalls/${there.id}/actions/set_rules`, signal, { rules: one.rules });
      }
      for (const one of firewalls) if (!named(wanted, one)) await erase("firewalls", one, signal);
      found.delete(spec.clusterId);
    },
    remove: async (clusterId, signal) => {
      const parts = await look(clusterId, signal);
      for (const kind of kinds) for (const part of parts[kind]) await erase(kind, part, signal);
      found.delete(clusterId);
    },
  };
}

/** One firewall for all machines, and one for each group of which something is published. The private network is not filtered. */
function firewallsFor({ clusterId, firewall, groups }, prefix) {
  const rule = ({ protocol = "tcp", from, to = from, sources }) => {
    return { direction: "in", protocol, port: from === to ? `${from}` : `${from}-${to}`, source_ips: sources };
  };
  const applied = (selector) => [{ type: "label_selector", label_selector: { selector } }];
  const { operators = [], engineForOperators, publish = [] } = firewall ?? {};
  const ports = operators.length === 0 ? [] : engineForOperators ? [22, 2376] : [22];
  const all = `belt-cluster-id==${clusterId}`;
  const own = ports.map((from) => rule({ from, sources: operators }));
  const published = groups.map((group) => ({
    name: `${prefix}-${group}`,
    rules: publish.filter((one) => one.groups.includes(group)).map(rule),
    apply_to: applied(`${all},belt-group==${group}`),
  }));
  return [{ name: prefix, rules: own, apply_to: applied(all) }, ...published.filter(({ rules }) => rules.length > 0)];
}

const sentences = ({ name, rules }) =>
  rules.map(({ protocol, port, source_ips }) => `${port}/${protocol} to ${source_ips.join(", ")} in ${name}`);
const named = (list, { name }) => list.find((one) => one.name === name);
const unless = (code) => (error) => {
  if (codeOf(error) !== code) throw error;
};
