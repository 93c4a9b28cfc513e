import { clusterIdKey } from "./tags.ts";

/** What only looks; EC2 has no finer permissions for it. */
const looks = [
  "DescribeAvailabilityZones",
  "DescribeImages",
  "DescribeInstanceTypeOfferings",
  "DescribeInstanceTypes",
  "DescribeInstances",
  "DescribeInternetGateways",
  "DescribeKeyPairs",
  "DescribeRouteTables",
  "DescribeSecurityGroups",
  "DescribeSubnets",
  "DescribeVpcs",
];

/** What makes things. */
const makes = [
  "CreateInternetGateway",
  "CreateSecurityGroup",
  "CreateSubnet",
  "CreateVpc",
  "ImportKeyPair",
  "RunInstances",
];

/** What changes or removes things: only those with a cluster's tag. */
const changes = [
  "AttachInternetGateway",
  "AuthorizeSecurityGroupIngress",
  "DeleteInternetGateway",
  "DeleteKeyPair",
  "DeleteSecurityGroup",
  "DeleteSubnet",
  "DeleteTags",
  "DeleteVpc",
  "DetachInternetGateway",
  "ModifyInstanceAttribute",
  "RebootInstances",
  "RevokeSecurityGroupIngress",
  "StartInstances",
  "StopInstances",
  "TerminateInstances",
];

const named = (actions: readonly string[]): readonly string[] => actions.map((action) => `ec2:${action}`);

/**
 * The least that credentials must allow, as an IAM policy. Source: the service authorization reference of EC2. A VPC's main route
 * table is made with it and has no tag of its own, so CreateRoute stands alone.
 */
export const policy = `${JSON.stringify(
  {
    Version: "2012-10-17",
    Statement: [
      { Sid: "BeltkitLooks", Effect: "Allow", Action: named(looks), Resource: "*" },
      { Sid: "BeltkitMakes", Effect: "Allow", Action: named([...makes, "CreateRoute"]), Resource: "*" },
      {
        Sid: "BeltkitTagsWhatItMakes",
        Effect: "Allow",
        Action: named(["CreateTags"]),
        Resource: "*",
        Condition: { StringEquals: { "ec2:CreateAction": makes } },
      },
      {
        Sid: "BeltkitChangesItsOwn",
        Effect: "Allow",
        Action: named([...changes, "CreateTags"]),
        Resource: "*",
        Condition: { Null: { [`aws:ResourceTag/${clusterIdKey}`]: "false" } },
      },
    ],
  },
  undefined,
  2,
)}\n`;
