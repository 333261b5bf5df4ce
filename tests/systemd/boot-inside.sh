#!/usr/bin/env bash
# usage: boot-inside.sh NAME CHECKOUT, as the first process of its process namespace and in a mount namespace of its own:
# when it ends, the kernel ends all processes in the one and undoes all mounts in the other.
set -euo pipefail
name=$1
checkout=$2

layers=/run/layers
root=/run/root
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir "$layers" "$root"

# throw_away FOLDER PLACE: at PLACE, what is in FOLDER, with everything that is written there kept apart, in memory.
layer=0
throw_away() {
  layer=$((layer + 1))
  mkdir -p "$layers/$layer/upper" "$layers/$layer/work" "$2"
  chmod --reference="$1" "$layers/$layer/upper"
  chown --reference="$1" "$layers/$layer/upper"
  # From within the folder, because commas and colons in its name would mean something to mount.
  (cd "$1" && mount -t overlay -o "lowerdir=.,upperdir=$layers/$layer/upper,workdir=$layers/$layer/work" overlay "$2")
}

throw_away / "$root"
# An overlay shows one filesystem; these may be others.
for folder in /usr /usr/local /var /opt; do
  if mountpoint -q "$folder"; then throw_away "$folder" "$root$folder"; fi
done
# The container puts a /tmp of its own over this machine's, and services have no /home and no /root: so the checkout
# has a place of its own, wherever it is here. node_modules may be a link, or on yet another filesystem.
throw_away "$checkout" "$root/mnt/checkout"
if [ -d "$checkout/node_modules" ]; then
  if [ -L "$root/mnt/checkout/node_modules" ]; then rm "$root/mnt/checkout/node_modules"; fi
  throw_away "$(realpath "$checkout/node_modules")" "$root/mnt/checkout/node_modules"
fi

# Another machine than this one, and nothing that this one would start.
: >"$root/etc/machine-id"
rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/systemd/system/*.requires
rm -rf "$root"/var/lib/dbus/machine-id "$root"/var/log/journal

# Again and again for as long as it asks for a reboot, which is said by 133.
power() {
  local status
  while true; do
    status=0
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --directory="$root" --boot --register=no --keep-unit \
      --link-journal=no --private-network --console=pipe --machine="$name" || status=$?
    if [ "$status" -ne 133 ]; then return "$status"; fi
  done
}

exec 3<&0 0</dev/null
cat <&3 >/dev/null &
power &
wait -n
