import type { Host, Io } from "../context.ts";
import type { Library } from "../library.ts";

/** What one look at this host brought. */
export interface Finding {
  readonly check: string;
  /** `unknown` is what nobody has tried yet, or what cannot be seen from here. */
  readonly state: "ok" | "warning" | "problem" | "unknown";
  readonly found: string;
  /** The next command, or the next thing to do; absent where all is well. */
  readonly next?: string;
}

/** What the looks work with. */
export interface DoctorContext {
  readonly host: Host;
  readonly env: Io["env"];
  readonly library: Library;
}

/** One look at this host: it reads, and changes nothing. */
export type Look = (context: DoctorContext) => Promise<readonly Finding[]>;
