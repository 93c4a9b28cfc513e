import { certificates } from "./certificates.ts";
import { configureEngine } from "./configure-engine.ts";
import { firewall } from "./firewall.ts";
import { inspectHost } from "./inspect-host.ts";
import { installEngine } from "./install-engine.ts";
import type { Step } from "./step.ts";

/** The way of a machine that answers to one with an engine of ours, step by step. */
export const bootstrapSteps: readonly Step[] = [inspectHost, installEngine, certificates, configureEngine];

/** The same on a host whose firewall beltkit keeps: it stands before the engine listens anywhere. */
export const walledSteps: readonly Step[] = [inspectHost, firewall, installEngine, certificates, configureEngine];
