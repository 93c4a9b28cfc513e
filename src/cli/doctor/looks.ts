import type { Look } from "./finding.ts";
import { lookAtClient, lookAtNode, lookAtState } from "./look-at-client.ts";
import { lookAtKernel } from "./look-at-kernel.ts";
import { lookAtLocal } from "./look-at-local.ts";

/** Everything that `belt doctor` looks at, in the order of its output: one line for each. */
export const looks: readonly Look[] = [lookAtNode, lookAtState, lookAtClient, lookAtLocal, lookAtKernel];
