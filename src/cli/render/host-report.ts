import type { HostReport } from "../../cluster/hosts/look.ts";
import { count } from "../units.ts";

/** What was found on a host and what taking it would change, for people. */
export function hostText(report: HostReport): string {
  const { name, address, user, hostKey, belongsTo } = report;
  const where = name === address ? user : `${address}, ${user}`;
  const lines = [
    `${name} (${where}): ${aboutHost(report)}`,
    ...(hostKey === undefined ? [] : [`  shows the host key ${hostKey}`]),
    ...(belongsTo ? [`  is ${belongsTo.machine} of the cluster ${belongsTo.cluster} already`] : []),
    ...report.changes.map((change) => `  would ${change}`),
    ...(report.changes.length === 0 && !report.restart ? ["  would change nothing"] : []),
    ...(report.restart ? [`  would restart Docker Engine, which stops ${containers(report.restart.stops)}`] : []),
    `  stays: ${stays(report)}`,
    ...report.remarks.map((remark) => `  note: ${remark}`),
    ...report.obstacles.map((obstacle) => `  in the way: ${obstacle}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function aboutHost({ system, architecture, engine, containers: running, swarm }: HostReport): string {
  return [
    `${system} ${architecture}`,
    engine === undefined ? "no engine" : `Docker Engine ${engine}`,
    ...(running === undefined ? [] : [containers(running)]),
    ...(swarm === undefined || swarm === "inactive" ? [] : [`in a swarm (${swarm})`]),
  ].join(", ");
}

function containers(number: number): string {
  return number === 0 ? "no container" : count(number, "container");
}

function stays({ hostname, storageDriver }: HostReport): string {
  const parts = [`hostname ${hostname}`, ...(storageDriver === undefined ? [] : [`storage driver ${storageDriver}`])];
  return [...parts, "containers and their data"].join(", ");
}
