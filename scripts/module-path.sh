#!/usr/bin/env bash
# Gives the module another path: scripts/module-path.sh example.com/team/holdfast
# Changes go.mod, every import of the module's own packages, and what documents
# say of them; then holds the result against the compiler. Nothing is committed.
set -euo pipefail
cd "$(dirname "$0")/.."

new=${1:-}
old=$(go list -m)
if [[ ! $new =~ ^[a-z0-9-]+(\.[a-z0-9-]+)+(/[A-Za-z0-9._~-]+)*$ ]]; then
	echo "usage: scripts/module-path.sh NEW; NEW begins with a host that has a dot, such as example.com/team/holdfast (now: $old)" >&2
	exit 2
fi
[ "$new" != "$old" ] || { echo "the module is named $new already" >&2; exit 0; }

quoted=$(printf '%s' "$old" | sed 's/[.[\*^$/]/\\&/g')
# Imports and texts in Go, whole or as the beginning of a path; go.mod files, the
# examples' own included; documents and scripts.
git ls-files -z -- '*.go' '*.txtar' '*.md' '*.sh' '*go.mod' Makefile ':!scripts/module-path.sh' |
	xargs -0 sed -i -E "s#(^|[^A-Za-z0-9._/-])$quoted(/|[^A-Za-z0-9._/-]|\$)#\\1$new\\2#g"
gofmt -w $(git ls-files '*.go')
go build ./...
go vet ./...
(cd examples/go && go vet ./...)
echo "$old is now $new; make test says whether all of it holds"
