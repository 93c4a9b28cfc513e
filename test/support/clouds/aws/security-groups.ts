import { type Action, done, tagSet } from "./action.ts";
import { filtered } from "./filters.ts";
import type { Query } from "./query.ts";
import { invalid } from "./refusal.ts";
import { type Account, type Group, mustFind, nextId, type Rule, seen, tagsIn } from "./state.ts";

/** As many rules as a group may have. */
const mostRules = 60;

/** Security groups. Names are unique in a VPC; a change of rules takes effect as a whole or not at all. */
export const groupActions: Readonly<Record<string, Action>> = {
  DescribeSecurityGroups: (account, query) => ({
    securityGroupInfo: filtered<Group>(query, seen(account, account.groups), {
      values: { "group-name": ({ name }) => [name], "vpc-id": ({ vpcId }) => [vpcId] },
      tags: ({ tags }) => tags,
    }).map(({ id, name, vpcId, rules, tags }) => ({
      ...{ groupId: id, groupName: name, vpcId, groupDescription: name, tagSet: tagSet(tags) },
      ipPermissions: rules.map(ruleXml),
    })),
  }),
  CreateSecurityGroup: (account, query) => {
    const [name, vpcId] = [query.text("GroupName"), query.text("VpcId")];
    mustFind(account, account.vpcs, vpcId, "InvalidVpcID.NotFound");
    if (name.length > 255) throw invalid("InvalidParameterValue", "The name is too long");
    if ([...account.groups.values()].some((group) => group.name === name && group.vpcId === vpcId))
      throw invalid("InvalidGroup.Duplicate", `The security group '${name}' already exists for VPC '${vpcId}'`);
    const group = { id: nextId(account, "sg"), name, vpcId, rules: [], tags: tagsIn(query, "security-group") };
    account.groups.set(group.id, { ...group, createdMs: account.agenda.nowMs() });
    return { groupId: group.id, ...done };
  },
  AuthorizeSecurityGroupIngress: (account, query) => {
    const group = mustFindGroup(account, query);
    const rules = rulesIn(account, query);
    if (rules.some((rule) => has(group, rule)))
      throw invalid("InvalidPermission.Duplicate", "the specified rule already exists");
    if (group.rules.length + rules.length > mostRules)
      throw invalid(
        "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.",
      );
    group.rules = [...group.rules, ...rules];
    return done;
  },
  RevokeSecurityGroupIngress: (account, query) => {
    const group = mustFindGroup(account, query);
    const rules = rulesIn(account, query);
    if (!rules.every((rule) => has(group, rule)))
      throw invalid("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
    const gone = new Set(rules.map(keyOf));
    group.rules = group.rules.filter((rule) => !gone.has(keyOf(rule)));
    return done;
  },
  DeleteSecurityGroup: (account, query) => {
    const { id } = mustFindGroup(account, query);
    const isWorn = [...account.instances.values()].some(
      (one) => one.groupIds.includes(id) && one.state !== "terminated",
    );
    if (isWorn) throw invalid("DependencyViolation", `resource ${id} has a dependent object`);
    account.groups.delete(id);
    return done;
  },
};

function mustFindGroup(account: Account, query: Query): Group {
  return mustFind(account, account.groups, query.text("GroupId"), "InvalidGroup.NotFound");
}

function rulesIn(account: Account, query: Query): readonly Rule[] {
  return query.items("IpPermissions").flatMap((permission) => {
    const protocol = permission.text("IpProtocol");
    const [from, to] = [permission.number("FromPort"), permission.number("ToPort")];
    if ((protocol === "tcp" || protocol === "udp") && (from === undefined || to === undefined || from > to))
      throw invalid("InvalidParameterValue", "Invalid value for portRange. Must specify both from and to ports.");
    const ranges = permission.items("IpRanges").map((one) => ({ kind: "ipv4" as const, value: one.text("CidrIp") }));
    const groups = permission.items("Groups").map((one) => ({ kind: "group" as const, value: one.text("GroupId") }));
    for (const { value } of groups) mustFind(account, account.groups, value, "InvalidGroup.NotFound");
    return [...ranges, ...groups].map((source) => ({ protocol, from, to, source }));
  });
}

function has(group: Group, rule: Rule): boolean {
  return group.rules.some((other) => keyOf(other) === keyOf(rule));
}

function keyOf({ protocol, from, to, source }: Rule): string {
  return JSON.stringify([protocol, from, to, source.kind, source.value]);
}

function ruleXml({ protocol, from, to, source }: Rule) {
  return {
    ...{ ipProtocol: protocol, fromPort: from, toPort: to, ipv6Ranges: [], prefixListIds: [] },
    groups: source.kind === "group" ? [{ userId: "123456789012", groupId: source.value }] : [],
    ipRanges: source.kind === "ipv4" ? [{ cidrIp: source.value }] : [],
  };
}
