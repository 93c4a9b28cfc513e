import type { NodeState } from "./node-state.ts";

/** The phases of one machine's way into the cluster, in their order; the last three are those of its way out. */
export const phases = [
  "create",
  "reach",
  "inspect",
  "firewall",
  "engine",
  "certificates",
  "configure",
  "join",
  "label",
  "verify",
  "power",
  "node",
  "leave",
  "remove",
] as const;
export type Phase = (typeof phases)[number];

/** Whether a step changed anything. */
export type Effect = "changed" | "unchanged";

/**
 * What happens, as it happens: the library's one stream, which the terminal, the plain lines, the JSON lines and the trace
 * all read. `at` is in milliseconds since the epoch. No event ever carries a secret.
 */
export type BeltEvent =
  | {
      readonly event: "started";
      readonly at: number;
      readonly command: string;
      readonly cluster: string;
      readonly provider: string;
      readonly machines: readonly string[];
      readonly source: string;
    }
  | { readonly event: "phase-started"; readonly at: number; readonly machine: string; readonly phase: Phase }
  | {
      readonly event: "phase-finished";
      readonly at: number;
      readonly machine: string;
      readonly phase: Phase;
      readonly effect: Effect;
      readonly detail?: string;
    }
  | {
      readonly event: "phase-failed";
      readonly at: number;
      readonly machine: string;
      readonly phase: Phase;
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
    }
  /** Where a machine stands now, on its way in or out; told when that changes. */
  | { readonly event: "machine-state"; readonly at: number; readonly machine: string; readonly state: NodeState }
  | { readonly event: "machine-ready"; readonly at: number; readonly machine: string }
  | { readonly event: "machine-removed"; readonly at: number; readonly machine: string }
  | { readonly event: "work-started"; readonly at: number; readonly work: string }
  | { readonly event: "work-finished"; readonly at: number; readonly work: string; readonly effect: Effect }
  | { readonly event: "file-changed"; readonly at: number; readonly path: string }
  | { readonly event: "note"; readonly at: number; readonly machine?: string; readonly message: string }
  | {
      readonly event: "verified";
      readonly at: number;
      readonly nodes: readonly {
        readonly name: string;
        readonly id: string;
        readonly role: string;
        readonly status: string;
      }[];
    }
  | {
      readonly event: "finished";
      readonly at: number;
      readonly outcome: "done" | "unchanged" | "partial" | "failed" | "interrupted";
      readonly failed: readonly string[];
      readonly next?: string;
    };

/** Takes events; must not throw. */
export type Emit = (event: BeltEvent) => void;
