import path from "node:path";
import { z } from "zod";
import type { Agreement } from "../cluster/agreement.ts";
import type { Change, Cluster, Plan } from "../cluster/types.ts";
import { digest } from "../util/digest.ts";
import { BeltError } from "../util/errors.ts";
import type { CliContext } from "./context.ts";
import { planJson } from "./render/plan.ts";

/** What `up --plan` needs of the file that `plan --out` writes; the rest of it is for people and scripts. */
const schema = z.object({
  version: z.literal(1),
  cluster: z.string(),
  /** `null` for a cluster of which nothing was made yet. */
  clusterId: z.string().nullable(),
  changes: z.array(z.object({ action: z.string(), machine: z.string(), reason: z.string() })),
  agreement: z.object({
    actions: z.array(
      z.object({
        action: z.enum(["restart-engine", "replace", "demote", "destroy"]),
        name: z.string(),
        id: z.string(),
      }),
    ),
    noSpare: z.boolean(),
  }),
  digest: z.string(),
});

/** What somebody agrees to who has seen a plan and said yes. */
export function agreementTo({ disturbs: { actions, guard } }: Plan): Agreement {
  return { actions, noSpare: guard.verdict !== "allowed" };
}

/** Writes a plan that can be looked through, and carried out later as it is. */
export async function writePlan({ io }: CliContext, file: string, cluster: Cluster, plan: Plan): Promise<void> {
  const document = {
    version: 1,
    ...planJson(cluster.name, plan),
    clusterId: idOf(cluster),
    guard: plan.disturbs.guard,
    agreement: agreementTo(plan),
  };
  const sealed = { ...document, digest: digest(document) };
  await io.host.writeFile(path.resolve(io.cwd, file), `${JSON.stringify(sealed, undefined, 2)}\n`, 0o600);
}

/**
 * Reads what was agreed to, and proves that it is for this cluster, that nobody edited it, and that there is nothing more to do by now.
 *
 * @throws BeltError `usage.invalid` for a file that `plan --out` did not write so; `guard.changed`.
 */
export async function readPlan({ io }: CliContext, file: string, cluster: Cluster, now: Plan): Promise<Agreement> {
  const text = await io.host.readText(path.resolve(io.cwd, file));
  if (text === undefined) throw new BeltError("usage.invalid", `there is no file ${file}`, { hint: again(file) });
  const planned = parse(file, text);
  if (planned.cluster !== cluster.name || planned.clusterId !== idOf(cluster))
    throw new BeltError(
      "usage.invalid",
      `${file} is a plan for another cluster: ${whose(planned)}, and this is ${whose({ cluster: cluster.name, clusterId: idOf(cluster) })}`,
      {
        hint: `Name that cluster: belt up --cluster ${planned.cluster} --plan ${file}`,
      },
    );
  const keyOf = ({
    action,
    machine,
    reason,
  }: Pick<Change, "machine" | "reason"> & { readonly action: string }): string =>
    JSON.stringify([action, machine, reason]);
  const known = new Set(planned.changes.map(keyOf));
  const more = now.changes.filter((change) => !known.has(keyOf(change)));
  const [first] = more;
  if (!first) return planned.agreement;
  const others = more.length === 1 ? "" : `, and ${more.length - 1} more`;
  throw new BeltError(
    "guard.changed",
    `changed since ${file} was written: ${first.action} ${first.machine} (${first.reason})${others}; nothing was done`,
    { hint: `See what there is to do now: ${again(file)}` },
  );
}

function parse(file: string, text: string): z.infer<typeof schema> {
  try {
    const { digest: stated, ...document } = z.looseObject({ digest: z.string() }).parse(JSON.parse(text));
    if (stated === digest(document)) return schema.parse({ ...document, digest: stated });
  } catch (cause) {
    throw strange(file, cause);
  }
  throw strange(file);
}

function strange(file: string, cause?: unknown): BeltError {
  return new BeltError("usage.invalid", `${file} is not a plan as belt plan --out wrote it`, {
    hint: again(file),
    cause,
  });
}

const again = (file: string): string => `belt plan --out ${file}`;

const whose = ({ cluster, clusterId }: { readonly cluster: string; readonly clusterId: string | null }): string =>
  `${cluster} (${clusterId ?? "nothing made yet"})`;

function idOf(cluster: Cluster): string | null {
  return cluster.journal().some(({ kind }) => kind === "cluster") ? cluster.id : null;
}
