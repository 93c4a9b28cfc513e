/** The rules as the host loads them when it boots, digests of them as they were loaded, and the unit that loads them. */
export const rulesFile = "/etc/beltkit/firewall.nft";
export const loadedFile = "/etc/beltkit/firewall.loaded";
export const unitName = "beltkit-firewall.service";
export const unitFile = `/etc/systemd/system/${unitName}`;
export const wantedLink = `/etc/systemd/system/sysinit.target.wants/${unitName}`;

/** Where rules on trial lie, with the way back; a reboot forgets them. */
export const trialFolder = "/run/beltkit-firewall";

/** The timer, and the service behind it, that take back what nobody confirms. */
export const wayBackUnit = "beltkit-firewall-back";

/** How long rules on trial stay, in seconds. */
export const trialSeconds = 45;

/**
 * The unit that loads the rules before the network is up and before Docker. Debian's own nftables.service empties all tables when it
 * starts, reloads or stops, so this one comes after it and follows it; see systemd.unit(5).
 */
export const unitText = `# Written by beltkit.
[Unit]
Description=Firewall of the cluster, kept by beltkit
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target docker.service shutdown.target
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
Conflicts=shutdown.target
ConditionPathExists=${rulesFile}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f ${rulesFile}
ExecReload=/usr/sbin/nft -f ${rulesFile}

[Install]
WantedBy=sysinit.target
`;
