#!/usr/bin/env bash
# Installs what Debian has of what the examples are written in: Flask, Django, Celery,
# gunicorn, Redis, and Node where the machine has none of its own; and of the stacks that
# a host is replaced for: requests, curl, Ruby, PHP. Says what it does, does
# nothing that is not needed, and is quick when nothing is.
set -euo pipefail

say() { echo "setup-examples: $*" >&2; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

missing=()
# python_has MODULE PACKAGE: Debian's own Python, which its packages are for.
python_has() {
	/usr/bin/python3 -c "import $1" 2>/dev/null || missing+=("$2")
}
python_has flask python3-flask
python_has django python3-django
python_has celery python3-celery
python_has redis python3-redis
python_has psycopg2 python3-psycopg2
python_has gunicorn python3-gunicorn
python_has requests python3-requests
command -v redis-server >/dev/null 2>&1 || missing+=(redis-server)
command -v curl >/dev/null 2>&1 || missing+=(curl)
ruby -rwebrick -e '' 2>/dev/null || missing+=(ruby ruby-webrick)
php -r 'exit(extension_loaded("curl") ? 0 : 1);' 2>/dev/null || missing+=(php-cli php-curl)
node_major=$(node --version 2>/dev/null | sed -E 's/^v([0-9]+).*/\1/' || true)
[ "${node_major:-0}" -ge 18 ] || missing+=(nodejs)

[ ${#missing[@]} -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null 2>&1 || { [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; }; then
	say "these are missing, and there is no right to install them: ${missing[*]}"
	exit 4
fi
say "installing ${missing[*]}"
as_root apt-get update -qq
# The programs alone are wanted: no Redis of the system's own is started.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
	as_root chmod +x "$policy"
	trap 'as_root rm -f "$policy"' EXIT
fi
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
