# shellcheck shell=bash
# What scripts/install and scripts/uninstall share: the arguments, where each file goes, and what is done with the units.

# parse_arguments COMMAND ARGUMENT… sets everything that the rest reads.
parse_arguments() {
  command=$1 user=no purge=no destdir=''
  shift
  while [ $# -gt 0 ]; do
    case $1 in
      --user) user=yes ;;
      --destdir)
        destdir=${2:?--destdir needs a folder}
        shift
        ;;
      --destdir=*) destdir=${1#*=} ;;
      --purge) if [ "$command" = uninstall ]; then purge=yes; else usage; fi ;;
      *) usage ;;
    esac
    shift
  done
  destdir=${destdir%/}
  if [ "$user" = yes ]; then
    case $HOME in
      *[!A-Za-z0-9/._@+-]*)
        echo "$command: \$HOME is $HOME, and a unit file cannot have such a path in it; use a plain one" >&2
        exit 1
        ;;
    esac
    library=$HOME/.local/lib/token-relay
    configuration=${XDG_CONFIG_HOME:-$HOME/.config}/token-relay
    units=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
    systemctl=(systemctl --user)
  else
    if [ "$(id -u)" -ne 0 ] && [ -z "$destdir" ]; then
      echo "$command: this takes root; for yourself alone, without root: scripts/$command --user" >&2
      exit 1
    fi
    library=/usr/lib/token-relay
    configuration=/etc/token-relay
    units=/usr/lib/systemd/system
    systemctl=(systemctl)
  fi
  manifest=$destdir$library/installed-files
}

usage() {
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

# Two installations at the same places would take each other's files away.
refuse_beside_package() {
  if [ "$user" = yes ] || [ -n "$destdir" ] || ! command -v dpkg-query >/dev/null; then return; fi
  if [ "$(dpkg-query -W -f '${db:Status-Status}' token-relay 2>/dev/null || true)" = installed ]; then
    echo "$command: the Debian package token-relay is installed; use apt, or: apt remove token-relay" >&2
    exit 1
  fi
}

# place FILE prints where a file of the package goes; nothing, if it is not installed.
place() {
  if [ "$user" = no ]; then
    case $1 in
      usr/share/zsh/vendor-completions/*)
        # Debian's folder. All others have this one.
        if [ -d "$destdir/usr/share/zsh/vendor-completions" ]; then echo "/$1"; else echo "/usr/share/zsh/site-functions/${1##*/}"; fi
        ;;
      *) echo "/$1" ;;
    esac
    return
  fi
  case $1 in
    usr/lib/token-relay/*) echo "$library/${1#usr/lib/token-relay/}" ;;
    usr/bin/*) echo "$HOME/.local/bin/${1#usr/bin/}" ;;
    usr/lib/systemd/user/*) echo "$units/${1#usr/lib/systemd/user/}" ;;
    etc/token-relay/*) echo "$configuration/${1#etc/token-relay/}" ;;
    usr/share/zsh/*) echo "$HOME/.local/share/zsh/site-functions/${1##*/}" ;;
    usr/share/*) echo "$HOME/.local/share/${1#usr/share/}" ;;
  esac
}

# localise FILE changes the paths in it to those of a user.
localise() {
  [ "$user" = yes ] || return 0
  case $1 in
    usr/bin/* | usr/lib/systemd/user/* | etc/token-relay/*)
      sed -i "
        s#/usr/lib/token-relay#$library#g
        s#/usr/bin/token-#$HOME/.local/bin/token-#g
        s#/\(etc\|var/lib\)/token-relay#$configuration#g
        s#/var/log/token-re[a-z-]*#$configuration/logs#g
        s#/run/token-re[a-z-]*#/run/user/$(id -u)/token-relay#g
        s#systemctl \(reload\|edit\)#systemctl --user \1#g
      " "$1"
      ;;
  esac
}

# units_named KIND prints the names of the installed units: socket, service.
units_named() {
  grep -oE "  $units/[^/]+\.$1\$" "$manifest" | sed 's#.*/##' || true
}

# folders SETTING PARENT prints the folders that systemd makes for the units: of StateDirectory=, LogsDirectory=.
folders() {
  local name
  units_named service | while read -r name; do sed -n "s/^$1=//p" "$destdir$units/$name"; done |
    tr ' ' '\n' | sed "s#[/:].*##; /./s#^#$2/#" | sort -u
}

systemd_runs() {
  [ "$user" = yes ] && systemctl --user show-environment >/dev/null 2>&1 && return
  [ "$user" = no ] && [ -d /run/systemd/system ]
}

# units_to_restart prints the units that are part of no other: when they are restarted, all are, in their order.
units_to_restart() {
  local name
  (
    units_named socket
    units_named service
  ) | while read -r name; do
    grep -q '^PartOf=' "$units/$name" || echo "$name"
  done
}

manage_units_after_install() { # IS_FIRST
  local sockets first
  mapfile -t sockets < <(units_named socket)
  mapfile -t first < <(units_to_restart)
  if [ "$user" = no ]; then
    systemd-sysusers token-relay.conf
    if [ -f /usr/lib/tmpfiles.d/token-relay.conf ]; then systemd-tmpfiles --create token-relay.conf || true; fi
  fi
  if systemd_runs; then
    "${systemctl[@]}" daemon-reload
    if [ "$1" = yes ]; then
      # The receiver needs no configuration; it is started by whoever connects first.
      "${systemctl[@]}" enable --now "${sockets[@]}"
    else
      "${systemctl[@]}" try-restart "${first[@]}"
    fi
  else
    echo "install: systemd does not run here; later: ${systemctl[*]} daemon-reload; ${systemctl[*]} enable --now ${sockets[*]}"
  fi
  [ "$1" = yes ] || return 0
  cat <<END
Installed. What is left to do for token-refresh-sender:
  1. Put the key and the secret of your app into $configuration/schwab_app_config.yaml
  2. ${systemctl[*]} enable --now token-refresh-sender
  3. token-refresh-sender login          (and again every 7 days)
END
  if [ "$user" = yes ]; then
    echo "  4. loginctl enable-linger              (so that they run while you are not logged in)"
    case ":$PATH:" in
      *":$HOME/.local/bin:"*) ;;
      *) echo "The commands are in $HOME/.local/bin, which is not in your PATH." ;;
    esac
  else
    echo "Programs that may read the token are members of the group token-readers."
  fi
}

stop_units() {
  local sockets services
  mapfile -t sockets < <(units_named socket)
  mapfile -t services < <(units_named service)
  if systemd_runs; then "${systemctl[@]}" disable --now "${sockets[@]}" "${services[@]}" || true; fi
}

# While the units are still there: which folders a purge deletes. Sets data_folders.
find_data_folders() {
  data_folders=()
  # A user's are in the folder of the settings.
  if [ "$user" = yes ]; then return; fi
  mapfile -t data_folders < <(
    folders StateDirectory /var/lib
    folders LogsDirectory /var/log
  )
}
