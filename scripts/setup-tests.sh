#!/usr/bin/env bash
# Installs what Debian has of what tests hold us against: a pooler before Postgres, a
# server of Redis, a reader of XML schemas. Without them their tests are skipped, but where
# CI is set: there they fail. Says what it does, does nothing that is not needed, and is
# quick when nothing is.
set -euo pipefail

say() { echo "setup-tests: $*" >&2; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

missing=()
command -v pgbouncer /usr/sbin/pgbouncer >/dev/null 2>&1 || missing+=(pgbouncer)
command -v redis-server >/dev/null 2>&1 || missing+=(redis-server)
command -v xmllint >/dev/null 2>&1 || missing+=(libxml2-utils)

[ ${#missing[@]} -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || { [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; }; then
	say "these are missing, and there is no right to install them: ${missing[*]}"
	exit 0
fi
say "installing ${missing[*]}"
# The programs alone are wanted: no service of the system's own is started.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod +x "$policy"
	trap 'as_root rm -f "$policy"' EXIT
fi
{ as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } ||
	say "these could not be installed: ${missing[*]}"
