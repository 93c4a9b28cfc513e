export { type Conformance, providerConformance } from "./conformance.ts";
export type { CaseResult, ConformanceCase } from "./conformance-case.ts";
export { type ContextOptions, providerContext } from "./context.ts";
export { type AskedMachine, machineRequest } from "./machine-request.ts";
export type { ProviderSubject } from "./subject.ts";
