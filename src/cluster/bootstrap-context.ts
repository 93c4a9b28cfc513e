import type { Authority } from "../pki/authority.ts";
import { BeltError } from "../util/errors.ts";
import type { Session } from "./sessions.ts";
import type { EngineSpec } from "./spec/types.ts";
import type { HostFacts } from "./steps/facts.ts";
import type { HostWall, StepContext } from "./steps/step.ts";
import type { Dependencies } from "./types.ts";

/** What bootstrapping needs beside a session. */
export interface BootstrapOptions {
  readonly deps: Dependencies;
  readonly engineSpec: EngineSpec;
  readonly authority: Authority;
  /** Called before anything is changed on the machine. */
  readonly beforeChange: () => Promise<void>;
  /** See {@link StepContext}; false unless given. */
  readonly isNew?: boolean;
  readonly wall?: HostWall | undefined;
  /** See {@link StepContext}. */
  readonly inTurn?: StepContext["inTurn"];
}

/** What the bootstrap steps of one machine work with; its facts are there once the first step has looked. */
export function bootstrapContext(
  { deps, engineSpec, authority, beforeChange, isNew = false, wall, inTurn }: BootstrapOptions,
  session: Session,
): StepContext {
  const { machine, connection, engine } = session;
  const { clock, random } = deps;
  let facts: HostFacts | undefined;
  return {
    machine,
    connection,
    engine,
    engineSpec,
    authority,
    get facts() {
      if (facts) return facts;
      throw new BeltError("internal", `${machine.name} was not inspected before it was worked on`);
    },
    set facts(found) {
      facts = found;
    },
    clock,
    random,
    beforeChange,
    isNew,
    wall,
    inTurn,
    note: (message) => deps.emit({ event: "note", at: clock.now(), machine: machine.name, message }),
  };
}
