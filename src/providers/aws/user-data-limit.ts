import type { UserDataLimit } from "../cloud/user-data.ts";

/** 16 KiB before it is encoded. Source: EC2's user guide, user data. */
export const userDataLimit: UserDataLimit = {
  ...{ bytes: 16_384, cloud: "EC2", machines: "instances", option: "aws.userData" },
};
