import { describe, expect, it } from "vitest";
import { nothingLeft } from "../support/clouds/digitalocean/droplet-rig.ts";
import { openProgramRig } from "../support/clouds/digitalocean/program-rig.ts";
import { besideLeast, changesIn } from "../support/clouds/tell-calls.ts";

/** What making droplets that are all alike takes at least. */
const leastFor = (count: number): Readonly<Record<string, number>> => ({
  "POST /v2/vpcs": 1,
  "POST /v2/account/keys": 1,
  "POST /v2/tags": 1,
  "POST /v2/firewalls": 1,
  "POST /v2/droplets": Math.ceil(count / 10),
});

/** As many machines as one page of a list has. */
const perPage = 200;

describe("belt up of many droplets in virtual time, with the documented budgets", () => {
  it.for([100, 1000])(
    "%i machines: the fewest calls, one list a poll, and no budget broken",
    { timeout: 300_000 },
    async (count) => {
      await using rig = await openProgramRig({
        text: `limits: { maxMachines: ${count} }\ngroups:\n  hosts: { role: bare, machines: "node[1:${count}]" }\n`,
        ...{ dropletLimit: count, timings: { activeMs: 55_000 } },
      });
      const { cloud, network } = rig;
      const run = await rig.belt("up", "--yes");
      expect(run.code, run.stderr).toBe(0);
      const lists = cloud.ledger.calls("GET /v2/droplets");
      const pages = Math.ceil(count / perPage);
      const told = `${lists.length} lists, ${Math.ceil(network.clock.elapsed() / 1000)} s of virtual time`;
      process.stdout.write(`belt up of ${count} droplets: ${told}\n${besideLeast(cloud.ledger, leastFor(count))}`);
      expect(changesIn(cloud.ledger)).toEqual(leastFor(count));
      expect(cloud.ledger.throttled()).toEqual([]);
      // Of each poll all pages, until the last one is active; nobody asks for one machine alone.
      const polls = (network.clock.elapsed() / 3000) * pages;
      expect(lists.length).toBeLessThan(polls + 20);
      expect(cloud.ledger.calls("GET /v2/droplets/{droplet_id}")).toEqual([]);
      expect(cloud.left().droplets).toHaveLength(count);

      cloud.ledger.clear();
      const again = await rig.belt("up", "--yes");
      expect(again.stdout).toContain("Nothing changed");
      expect(changesIn(cloud.ledger)).toEqual({});
      expect(cloud.ledger.calls("GET /v2/account/keys")).toHaveLength(1); // of ten a minute

      cloud.ledger.clear();
      const down = await rig.belt("down", "shop", "--yes");
      expect(down.code, down.stderr).toBe(0);
      expect(changesIn(cloud.ledger)["DELETE /v2/droplets"]).toBe(1);
      expect(cloud.ledger.throttled()).toEqual([]);
      expect(cloud.left()).toEqual(nothingLeft);
    },
  );
});
