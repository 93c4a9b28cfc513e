import type { UserDataLimit } from "../cloud/user-data.ts";

/** What Azure takes as custom data, which is how user data travels. Source: its reference of osProfile.customData. */
export const userDataLimit: UserDataLimit = {
  ...{ bytes: 65_535, cloud: "Azure", machines: "machines", option: "azure.userData" },
};
