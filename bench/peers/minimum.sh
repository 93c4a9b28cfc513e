#!/bin/bash
# The least that makes a swarm of machines that boot just now, with plain OpenSSH and the docker command on the machines:
# wait for sshd, start the engine, init, join. No certificates, no labels, no check of the host, no way back.
#   minimum.sh SSH_CONFIG MANAGERS WORKERS     e.g. minimum.sh ssh_config "mg1" "node1 node2"
set -euo pipefail
config=$1; read -ra managers <<<"$2"; read -ra workers <<<"$3"; first=${managers[0]}
on() { local name=$1; shift; ssh -F "$config" -o BatchMode=yes "$name" "$@"; }
prepare() {
  until on "$1" true 2>/dev/null; do sleep 0.1; done
  on "$1" systemctl enable --quiet --now docker.socket docker.service
}
address() { awk -v host="$1" '$1 == "Host" { here = ($2 == host) } here && $1 == "HostName" { print $2; exit }' "$config"; }
pids=()
for name in "${managers[@]}" "${workers[@]}"; do prepare "$name" & pids+=($!); done
for pid in "${pids[@]}"; do wait "$pid"; done
main=$(address "$first")
on "$first" docker swarm init --advertise-addr "$main" >/dev/null
manager_token=$(on "$first" docker swarm join-token -q manager)
worker_token=$(on "$first" docker swarm join-token -q worker)
for name in "${managers[@]:1}"; do on "$name" docker swarm join --token "$manager_token" "$main:2377" >/dev/null; done
pids=()
for name in "${workers[@]}"; do on "$name" docker swarm join --token "$worker_token" "$main:2377" >/dev/null & pids+=($!); done
for pid in "${pids[@]}"; do wait "$pid"; done
count=$((${#managers[@]} + ${#workers[@]}))
until [ "$(on "$first" docker node ls --format '{{.Status}}' | grep -c Ready)" -eq "$count" ]; do sleep 0.1; done
