import { messageOf } from "../../util/errors.ts";
import type { FileFault, FileWish } from "../provider.ts";
import { localOptions } from "./options.ts";
import { parseSize } from "./size.ts";
import { capacityOf, formatSubnet, parseSubnet, type Subnet, widened } from "./subnet.ts";

/** The network of a cluster whose file names none. */
const usualPrefix = 24;

/** Sizes that are none, and more machines than the cluster's network holds. */
export function fileFaults({ sizes, machineCount, options }: FileWish): readonly FileFault[] {
  const { subnet } = localOptions.parse(options ?? {});
  const room = roomFault(machineCount, subnet);
  return [...sizes.flatMap(sizeFault), ...(room === undefined ? [] : [{ option: "subnet", message: room }])];
}

/** Why so many machines do not fit into a network, and one that would do; nothing where they fit. */
export function roomFault(machineCount: number, text: string | undefined): string | undefined {
  const subnet = text === undefined ? { base: exampleBase, prefix: usualPrefix } : parseSubnet(text);
  if (!subnet || capacityOf(subnet) >= machineCount) return undefined;
  const network = text ?? `a network of /${usualPrefix}, which a cluster gets unless its file names one`;
  return `${machineCount} machines do not fit into ${network}: it holds ${capacityOf(subnet)}; write a larger one, such as ${formatSubnet(largeEnough(subnet, machineCount))}`;
}

/** 10.80.0.0, for examples. */
const exampleBase = 10 * 2 ** 24 + 80 * 2 ** 16;

function largeEnough(subnet: Subnet, machineCount: number): Subnet {
  return capacityOf(subnet) >= machineCount ? subnet : largeEnough(widened(subnet), machineCount);
}

function sizeFault(size: string): readonly FileFault[] {
  try {
    parseSize(size);
    return [];
  } catch (error) {
    return [{ size, message: `${messageOf(error)}; write 512mb, 2gb, 2cpu or 2cpu-4gb` }];
  }
}
