/** What a cluster's id may be: it becomes part of paths, tags and labels. Ours are 32 hexadecimal digits. */
export const clusterIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** What the name of a cluster or a machine may be: it becomes a host name, and part of paths. */
export const namePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
