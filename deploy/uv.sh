#!/bin/sh
# Runs uv with the package index, the further places of packages and the certificates that pip was
# told to use: uv reads neither pip's variables nor its configuration file, and a mirror is often named only there.
set -eu
bin=$(dirname "$0")/../.venv/bin

said_to_pip() { # NAME VARIABLE: what pip would use, or nothing
    value=$(printenv "$2") || value=$("$bin/python" -m pip config get "global.$1" 2>/dev/null) || true
    printf %s "${value:-}"
}

if [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    index=$(said_to_pip index-url PIP_INDEX_URL)
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
fi
if [ -z "${UV_FIND_LINKS:-}" ]; then
    places=$(said_to_pip find-links PIP_FIND_LINKS | tr -s '[:space:]' ,)
    [ -z "$places" ] || export UV_FIND_LINKS="$places"
fi
if [ -z "${SSL_CERT_FILE:-}" ]; then
    certificates=$(said_to_pip cert PIP_CERT)
    [ -z "$certificates" ] || export SSL_CERT_FILE="$certificates"
fi
exec "$bin/uv" "$@"
