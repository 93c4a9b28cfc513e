import { z } from "zod";
import type { Clock } from "../../util/clock.ts";
import { mapBounded } from "../../util/concurrency.ts";
import type { Machine } from "../provider.ts";
import type { Client } from "./client.ts";
import { onceSeen } from "./seen.ts";

/** How many calls go out side by side. */
const sideBySide = 4;

/**
 * Gives instances the names that people see in the console. Machines are known without: it goes on beside everything else, and
 * what cannot be named keeps the names of its whole call.
 */
export class Namer {
  readonly #client: Client;
  readonly #clock: Clock;
  #work: Promise<unknown> = Promise.resolve();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Begins to name these, and returns. */
  begin(machines: readonly Machine[], signal: AbortSignal): void {
    const naming = mapBounded(machines, sideBySide, (machine) => this.#name(machine, signal));
    this.#work = Promise.all([this.#work, naming]);
  }

  /** Resolves when all have their names, or cannot be given them. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #name({ id, name }: Machine, signal: AbortSignal): Promise<void> {
    const about = { doing: `name ${name}`, action: "CreateTags" };
    const input = { Resources: [id], Tags: [{ Key: "Name", Value: name }] };
    await onceSeen(this.#clock, signal, () =>
      this.#client.call(z.unknown(), (ec2, options) => ec2.createTags(input, options), about, signal),
    );
  }
}
