import { z } from "zod";

/** The provider has no options of its own: what it needs stands with the hosts and in the settings for SSH. */
export const sshOptions = z.strictObject({});
