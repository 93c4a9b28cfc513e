/** The folder on a machine where everything of ours lies that is not in a file of systemd's or apt's. */
export const folder = "/etc/docker/beltkit";

/** The engine's own certificate, its key (0600) and the cluster's authority, PEM. */
export const authorityFile = `${folder}/ca.pem`;
export const certificateFile = `${folder}/server-cert.pem`;
export const keyFile = `${folder}/server-key.pem`;

/** Digests of the three files above as they were issued together, in the format of sha256sum; written last. */
export const issuedFile = `${folder}/issued.sha256`;

/** One digest over all files of ours that the running engine has read, or `pending` while they change. */
export const appliedFile = `${folder}/applied`;

/** The keys of daemon.json that we set, with their values, so that only these are ever taken away again. */
export const ownedFile = `${folder}/owned.json`;

/** There while packages are being installed, so that an install that was cut off is seen. */
export const installingFile = `${folder}/installing`;

/** The engine's configuration, shared with whoever else writes to it. */
export const daemonJsonFile = "/etc/docker/daemon.json";

/** The drop-in that gives the engine's socket unit its TCP address. */
export const socketDropInFile = "/etc/systemd/system/docker.socket.d/10-beltkit.conf";
