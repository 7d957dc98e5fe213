#!/usr/bin/env bash
# Runs every fuzz target of the module, one after another, for the given time each.
set -euo pipefail
each=${1:-30s}
go list ./... | while read -r package; do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "== $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$each" "$package"
	done
done
