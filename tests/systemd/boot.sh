#!/usr/bin/env bash
# usage: boot.sh NAME CHECKOUT
# Boots a systemd in a container over a throw-away copy of this machine, and stays until it is off. Standard input is its
# life line: at its end, however that comes, everything is ended. Nothing is left on the host: all mounts are in a mount
# namespace, all processes in a process namespace and in cgroups of their own.
set -euo pipefail
name=$1
checkout=$2

# What systemd-nspawn makes its cgroups in: version 2 beside or in place of version 1.
hierarchies=()
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified; do
  if [ -f "$hierarchy/cgroup.procs" ]; then hierarchies+=("$hierarchy"); fi
done
if [ -d /sys/fs/cgroup/systemd ]; then hierarchies+=(/sys/fs/cgroup/systemd); fi

remove_cgroups() {
  for hierarchy in "${hierarchies[@]}"; do
    # Those of processes that are just ending are busy for another moment.
    for _ in {1..100}; do
      find "$hierarchy/$name" -depth -type d -exec rmdir {} + 2>/dev/null || true
      [ -d "$hierarchy/$name" ] || break
      sleep 0.05
    done
  done
}
trap remove_cgroups EXIT

for hierarchy in "${hierarchies[@]}"; do mkdir "$hierarchy/$name"; done
(
  for hierarchy in "${hierarchies[@]}"; do echo "$BASHPID" >"$hierarchy/$name/cgroup.procs"; done
  exec unshare --mount --mount-proc --pid --fork --kill-child bash "${0%/*}/boot-inside.sh" "$name" "$checkout"
)
