import { certificates } from "./certificates.ts";
import { configureEngine } from "./configure-engine.ts";
import { inspectHost } from "./inspect-host.ts";
import { installEngine } from "./install-engine.ts";
import type { Step } from "./step.ts";

/** The way of a machine that answers to one with an engine of ours, step by step. */
export const bootstrapSteps: readonly Step[] = [inspectHost, installEngine, certificates, configureEngine];
