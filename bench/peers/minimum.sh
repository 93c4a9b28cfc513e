#!/bin/bash
# The least that makes a swarm with a TLS endpoint on every engine, of machines that boot just now, by plain OpenSSH, openssl
# and the docker command on the machines: no look at the host, nothing checked before or after, no labels, no way back.
#   minimum.sh SSH_CONFIG MANAGERS WORKERS     e.g. minimum.sh ssh_config "mg1" "node1 node2"
set -euo pipefail
config=$1; read -ra managers <<<"$2"; read -ra workers <<<"$3"
first=${managers[0]}; machines=("${managers[@]}" "${workers[@]}")
keys=$(mktemp -d); trap 'rm -rf "$keys"' EXIT

on() { local name=$1; shift; ssh -F "$config" -o BatchMode=yes "$name" "$@"; }
address() { awk -v host="$1" '$1 == "Host" { here = ($2 == host) } here && $1 == "HostName" { print $2; exit }' "$config"; }
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }
together() { # command, then one run of it for each word
  local command=$1 pids=() word pid; shift
  for word in "$@"; do "$command" "$word" & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid"; done
}

certify() {
  local folder=$keys/$1; mkdir "$folder"
  new_key "$folder/server-key.pem"
  openssl req -new -key "$folder/server-key.pem" -subj "/CN=$1" -out "$folder/request" 2>/dev/null
  openssl x509 -req -in "$folder/request" -CA "$keys/ca.pem" -CAkey "$keys/ca-key.pem" -days 365 -out "$folder/server-cert.pem" \
    -extfile <(printf 'subjectAltName=IP:%s,IP:127.0.0.1,DNS:%s\nextendedKeyUsage=serverAuth\n' "$(address "$1")" "$1") 2>/dev/null
  cp "$keys/ca.pem" "$folder/"; rm "$folder/request"
}
prepare() {
  certify "$1"
  until on "$1" true 2>/dev/null; do sleep 0.1; done
  tar -C "$keys/$1" -cf - . | on "$1" "set -e
    mkdir -p /etc/docker/tls /etc/systemd/system/docker.socket.d; tar -C /etc/docker/tls -xf - --no-same-owner
    echo '{ \"tlsverify\": true, \"tlscacert\": \"/etc/docker/tls/ca.pem\", \"tlscert\": \"/etc/docker/tls/server-cert.pem\",
      \"tlskey\": \"/etc/docker/tls/server-key.pem\" }' >/etc/docker/daemon.json
    printf '[Socket]\nListenStream=%s:2376\nFreeBind=true\n' $(address "$1") >/etc/systemd/system/docker.socket.d/tls.conf
    systemctl enable --quiet docker.socket docker.service
    systemctl start docker.socket docker.service"
}

new_key "$keys/ca-key.pem"
openssl req -x509 -new -key "$keys/ca-key.pem" -subj "/CN=peer" -days 3650 -out "$keys/ca.pem" 2>/dev/null
together prepare "${machines[@]}"

main=$(address "$first")
on "$first" docker swarm init --advertise-addr "$main" >/dev/null
manager_token=$(on "$first" docker swarm join-token -q manager)
worker_token=$(on "$first" docker swarm join-token -q worker)
join_worker() { on "$1" docker swarm join --token "$worker_token" "$main:2377" >/dev/null; }
join_manager() { on "$1" docker swarm join --token "$manager_token" "$main:2377" >/dev/null; }
join_managers() { local name; for name in "${managers[@]:1}"; do join_manager "$name"; done; }
together join_worker "${workers[@]}" & others=$!
join_managers
wait "$others"
until [ "$(on "$first" docker node ls --format '{{.Status}}' | grep -c Ready)" -eq "${#machines[@]}" ]; do sleep 0.1; done
