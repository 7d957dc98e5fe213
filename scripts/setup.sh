#!/usr/bin/env bash
# Brings a bare Debian or Ubuntu machine to where Holdfast can build, test and
# run: Go, a C compiler for the race detector, and a Postgres when there is no
# other way to a database. Says what it does, does nothing that is not needed,
# and is quick when nothing is.
set -euo pipefail

say() { echo "setup: $*" >&2; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_install() {
	command -v apt-get >/dev/null 2>&1 || return 1
	[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

updated=
install() {
	say "installing $*"
	if [ -z "$updated" ]; then
		as_root apt-get update -qq
		updated=1
	fi
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

have_postgres() {
	[ -n "${HOLDFAST_DATABASE_URL:-}" ] && return 0
	command -v postgres >/dev/null 2>&1 && command -v initdb >/dev/null 2>&1 && return 0
	compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null && return 0
	docker image inspect "${HOLDFAST_POSTGRES_IMAGE:-postgres:17-alpine}" >/dev/null 2>&1
}

if ! command -v go >/dev/null 2>&1; then
	if can_install; then
		install golang-go ca-certificates
	else
		say "Go is missing: install Go 1.26 (or 1.21 and later, which fetches it) and run this again"
		exit 4
	fi
fi

if ! command -v gcc >/dev/null 2>&1 && can_install; then
	install gcc libc6-dev || say "no C compiler could be installed: tests run without the race detector"
fi

if ! have_postgres; then
	if can_install; then
		# Only the binaries are wanted: no cluster of the system's own is made or started.
		install postgresql-common
		as_root sed -i 's/^#*create_main_cluster *=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
		install postgresql
	else
		say "no Postgres here and no right to install one: Holdfast will try a container, then fetch one (--database embedded)"
	fi
fi
