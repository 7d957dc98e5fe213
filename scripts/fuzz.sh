#!/usr/bin/env bash
# Runs every fuzz target of the module, one after another, for the given time each.
set -euo pipefail
each=${1:-30s}
go list ./... | while read -r package; do
	# Little is spent on making a find smaller: where a target's coverage varies, that has no end.
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "== $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$each" -fuzzminimizetime 10x "$package"
	done
done
