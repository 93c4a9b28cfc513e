import { Agenda } from "../agenda.ts";
import { paperHosts } from "../paper-hosts.ts";
import type { DigitalOceanOptions } from "./fake-digitalocean.ts";
import type { Account } from "./state.ts";

/** What is in an account, by its names. */
export interface Left {
  readonly droplets: readonly string[];
  readonly keys: readonly string[];
  readonly tags: readonly string[];
  readonly firewalls: readonly string[];
  /** Without the default ones, which cannot be removed. */
  readonly vpcs: readonly string[];
}

/** An account with nothing in it. */
export function openAccount({ clock, hosts, dropletLimit = 25, timings, rangeOf }: DigitalOceanOptions): Account {
  return {
    agenda: new Agenda(clock),
    hosts: hosts ?? paperHosts(),
    timings: {
      ...{
        activeMs: 20_000,
        addressMs: 8000,
        listedMs: 0,
        actionMs: 10_000,
        unlistedMs: 0,
        releasedMs: 3000,
        firewallMs: 1000,
      },
      ...timings,
    },
    epochMs: clock.now() - clock.elapsed(),
    email: "belt@example.com",
    dropletLimit,
    fateOf: () => "well",
    rangeOf: rangeOf ?? hosts?.rangeOf ?? ((index) => `10.${100 + index}.0.0/20`),
    droplets: new Map(),
    actions: new Map(),
    keys: new Map(),
    vpcs: new Map(),
    firewalls: new Map(),
    tags: new Map(),
    counters: { droplet: 0, action: 0, key: 0, uuid: 0, range: 0 },
    underWay: new Set(),
    failures: [],
  };
}

/** What is in an account now. */
export function leftIn(account: Account): Left {
  account.agenda.catchUp();
  const namesOf = (things: Iterable<{ readonly name: string }>): readonly string[] =>
    [...things].map(({ name }) => name).sort();
  return {
    droplets: namesOf([...account.droplets.values()].filter(({ deleted }) => !deleted)),
    keys: namesOf(account.keys.values()),
    tags: namesOf(account.tags.values()),
    firewalls: namesOf(account.firewalls.values()),
    vpcs: namesOf([...account.vpcs.values()].filter(({ isDefault }) => !isDefault)),
  };
}
