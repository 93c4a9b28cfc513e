import { BeltError } from "../util/errors.ts";

/** Turns Ctrl-C and its kin into an abort. */
export interface Interrupts {
  readonly signal: AbortSignal;
  /** A signal of this name came. */
  receive(name: "SIGINT" | "SIGTERM" | "SIGHUP"): void;
  /** Until it is disposed, Ctrl-C is somebody else's: a child program has got it too. */
  hold(): Disposable;
}

/** What interrupts do to the process. */
export interface InterruptActions {
  /** Says something at once. */
  readonly say: (text: string) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/** The first signal stops cleanly: the journal is whole, and the same command goes on. The second ends the process at once. */
export function createInterrupts({ say, exit }: InterruptActions): Interrupts {
  const controller = new AbortController();
  let holders = 0;
  return {
    signal: controller.signal,
    receive: (name) => {
      if (name === "SIGINT" && holders > 0) return;
      if (controller.signal.aborted) return exit(130);
      if (name !== "SIGHUP") say("Stopping cleanly. Again to stop at once.\n");
      controller.abort(
        new BeltError("interrupted", "interrupted; nothing is lost", { hint: "The same command goes on from here." }),
      );
    },
    hold: () => {
      holders += 1;
      return {
        [Symbol.dispose]: () => {
          holders -= 1;
        },
      };
    },
  };
}
