import type { UserDataLimit } from "../cloud/user-data.ts";

/** 64 KiB. Source: DigitalOcean's API reference. */
export const userDataLimit: UserDataLimit = {
  ...{ bytes: 65_536, cloud: "DigitalOcean", machines: "droplets", option: "digitalocean.userData" },
};
