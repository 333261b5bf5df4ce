#!/bin/sh
# Runs a command for each new token, with the token on its standard input; without a command, says that one came.
# Uses nothing but curl: it asks for a token that is not the one it has, and waits for the answer.
#
# usage: watch.sh [COMMAND [ARGUMENT...]]
set -eu

if [ -n "${TOKEN_RECEIVER_API_SOCKET_PATH:-}" ]; then socket=$TOKEN_RECEIVER_API_SOCKET_PATH
elif [ -S /run/token-receiver/api.sock ]; then socket=/run/token-receiver/api.sock
elif [ -n "${XDG_RUNTIME_DIR:-}" ]; then socket=$XDG_RUNTIME_DIR/token-relay/api.sock
else socket=/tmp/token-relay-$(id -u)/api.sock; fi

# Says a thing once, until there is another to say.
said=''
say() {
  [ "$1" = "$said" ] || echo "$1" >&2
  said=$1
}

token=''
etag=''
wait=1
while :; do
  # The token, a new line, and "200 ETAG".
  answer=$(curl --silent --unix-socket "$socket" --max-time $((wait + 10)) ${etag:+--header "If-None-Match: $etag"} \
    --write-out '\n%{http_code} %header{etag}' "http://localhost/v1/token/raw?wait=$wait") || true
  status=${answer##*"
"}
  wait=15
  case $status in
    200\ *)
      etag=${status#* }
      new=${answer%"
"*}
      if [ "$new" != "$token" ]; then
        token=$new
        if [ $# -gt 0 ]; then
          printf '%s' "$token" | "$@" || echo "$1 failed; it is run again with the next token" >&2
        else
          printf 'new token %.8s\n' "$(printf '%s' "$token" | sha256sum)"
        fi
      fi
      said=''
      ;;
    304\ *)
      # None came. A receiver that starts anew may have another token under the same number: so now and then ask without.
      etag=''
      ;;
    404\ *) say 'there is no token yet; waiting' ;;
    503\ *) say 'the token has expired, or the receiver is busy; waiting' && sleep 1 ;;
    000\ *)
      # It may come back with other tokens under the same numbers.
      etag=''
      wait=1
      say "token-receiver is not running at $socket; trying again"
      sleep 1
      ;;
    *) echo "the program at $socket is not token-receiver (HTTP $status)" >&2 && exit 1 ;;
  esac
done
