import assert from "node:assert/strict";
import type { MachineRequest } from "../../providers/provider.ts";
import type { Bench } from "../bench.ts";
import type { Case } from "../conformance-case.ts";

/** What goes wrong on the way makes no second machine, and none that nobody asked for. */
export const mishapCases: readonly Case[] = [
  {
    name: "makes nothing under a signal that has aborted",
    run: async (bench, signal) => {
      const reason = new Error("interrupted");
      const provider = await bench.provider();
      const request = bench.request("e");
      await assert.rejects(provider.create([request], AbortSignal.abort(reason)), reason);
      assert.equal(await bench.find("e", signal), undefined);
    },
  },
  {
    name: "can be interrupted while it makes machines, and makes each once when it is asked again",
    run: async (bench, signal) => {
      await bench.running("a", signal); // so that what machines share is there
      const interrupt = new AbortController();
      const provider = await bench.provider();
      const creating = provider.create([bench.request("e")], AbortSignal.any([signal, interrupt.signal]));
      interrupt.abort(new Error("interrupted"));
      await creating.catch((error: unknown) => assert.match(String(error), /interrupted/));
      await askAgain(bench, bench.request("e"), signal);
    },
  },
  {
    name: "makes no second machine when the reply to the first request was lost",
    skip: async ({ subject }) => (subject.loseNextReply ? undefined : "no reply can be made to get lost here"),
    run: async (bench, signal) => {
      await bench.running("a", signal);
      await bench.subject.loseNextReply?.();
      const provider = await bench.provider();
      const request = bench.request("f");
      await provider.create([request], signal).catch(() => {}); // an error is an honest answer, and so is the machine
      await askAgain(bench, request, signal);
    },
  },
];

/** However the first request ended: asked again, there is one machine of this name, and no other. */
async function askAgain(bench: Bench, request: MachineRequest, signal: AbortSignal): Promise<void> {
  const there = await bench.find(request.name, signal);
  const [outcome] = await bench.create([request], signal);
  assert.ok(outcome, `create said nothing of ${request.name}`);
  if (outcome.kind === "refused") throw outcome.error;
  if (there) assert.equal(outcome.machine.id, there.id, `${request.name} was made twice`);
  const machine = await bench.running(request.name, signal);
  assert.equal(machine.id, outcome.machine.id);
}
