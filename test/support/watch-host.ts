/** A shell script that has sshd write down, in /var/log/commands, each command from now on, and with `typed` all that is typed into it. */
export const watchCommands = ({ typed }: { readonly typed: boolean }): string => `
  printf '%s\\n' '#!/bin/sh' 'printf "\\n>> %s\\n" "$SSH_ORIGINAL_COMMAND" >>/var/log/commands' \\
    '${typed ? "exec tee -a /var/log/commands |" : "exec"} sh -c "$SSH_ORIGINAL_COMMAND"' >/usr/local/bin/watched
  chmod 755 /usr/local/bin/watched
  mkdir -p /etc/ssh/sshd_config.d
  echo 'ForceCommand /usr/local/bin/watched' >/etc/ssh/sshd_config.d/watched.conf
  grep -q sshd_config.d /etc/ssh/sshd_config || sed -i '1i Include /etc/ssh/sshd_config.d/*.conf' /etc/ssh/sshd_config
  systemctl reload ssh
  : >/var/log/commands
  touch /var/log/watched-from
  sleep 0.05`;

/** A shell script that takes it back. */
export const unwatchCommands = `
  rm -f /etc/ssh/sshd_config.d/watched.conf /usr/local/bin/watched
  systemctl reload ssh
  sleep 0.05`;

/** The commands in such a log. */
export function commandsIn(log: string): readonly string[] {
  return [...log.matchAll(/^>> (.*)$/gm)].map(([, command]) => command ?? "");
}

/** A command that prints what the engine's daemon has logged; in debug mode each call on it is there. */
export const engineLog = ["journalctl", "-u", "docker.service", "-o", "cat", "--no-pager"] as const;

/** The calls of the Engine API in such a log, such as `POST /v1.45/swarm/init`. */
export function callsIn(log: string): readonly string[] {
  return [...log.matchAll(/Calling ([A-Z]+ \S+)"/g)].map(([, call]) => call ?? "");
}
