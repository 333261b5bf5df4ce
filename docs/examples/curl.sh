#!/bin/sh
# One request to an API with the present token, using nothing but curl. Waits for a token if there is none; answered with
# 401, it is repeated once, if a newer token comes within 5 seconds.
#
# usage: curl.sh URL [CURL-OPTION...]
set -eu
url=${1:?usage: curl.sh URL [CURL-OPTION...]}
shift

if [ -n "${TOKEN_RECEIVER_API_SOCKET_PATH:-}" ]; then socket=$TOKEN_RECEIVER_API_SOCKET_PATH
elif [ -S /run/token-receiver/api.sock ]; then socket=/run/token-receiver/api.sock
elif [ -n "${XDG_RUNTIME_DIR:-}" ]; then socket=$XDG_RUNTIME_DIR/token-relay/api.sock
else socket=/tmp/token-relay-$(id -u)/api.sock; fi

# ask SECONDS [CURL-OPTION...]: sets $token, $status and $etag; the status is 000 if nobody listens.
ask() {
  wait=$1
  shift
  answer=$(curl --silent --unix-socket "$socket" --max-time $((wait + 10)) "$@" \
    --write-out '\n%{http_code} %header{etag}' "http://localhost/v1/token/raw?wait=$wait") || true
  token=${answer%"
"*}
  status=${answer##*"
"}
  etag=${status#* }
  status=${status%% *}
}

# The token goes in by standard input: in the arguments of a program everyone can read it.
request() {
  printf 'header = "Authorization: Bearer %s"\n' "$(printf '%s' "$token" | sed 's/["\\]/\\&/g')" |
    curl --silent --show-error --config - --output "$body" --write-out '%{http_code}' "$@" "$url"
}

ask 1
while [ "$status" != 200 ]; do
  wait=30
  case $status in
    000) echo "token-receiver is not running at $socket; trying again" >&2 && wait=1 && sleep 1 ;;
    404) echo 'there is no token yet; waiting' >&2 ;;
    503) echo 'the token has expired, or the receiver is busy; waiting' >&2 && sleep 1 ;;
    *) echo "the program at $socket is not token-receiver (HTTP $status)" >&2 && exit 1 ;;
  esac
  ask "$wait"
done

body=$(mktemp)
trap 'rm -f "$body"' EXIT
answered=$(request "$@")
if [ "$answered" = 401 ]; then
  refused=$token
  ask 5 --header "If-None-Match: $etag"
  if [ "$status" = 200 ] && [ "$token" != "$refused" ]; then answered=$(request "$@"); fi
fi
cat "$body"
case $answered in
  2*) ;;
  *) echo "HTTP $answered" >&2 && exit 1 ;;
esac
