#!/usr/bin/env bash
# All tests but those of the examples and of the report's pages, which have commands of
# their own. What fails does not keep the rest from being tried.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}

race=-race cgo=1
if ! command -v gcc >/dev/null 2>&1; then
	echo "no C compiler: the tests run without the race detector" >&2
	race= cgo=0
fi

# Packages whose tests measure time run one at a time, for a neighbour is noise; of them,
# those that run services as they ship run without the race detector: it makes a target
# large and a load generator late, and they would say so.
measuring='/(harness|harness/(chaos|load|probe)|fakes/(httpfault|host|journal|oracleapi)|fleet/coordinator|scenarios|scenarios/task|scenarios/contract/mapped)$'
shipped='/scenarios(/contract/mapped)?$'

# The race detector makes a test five times as expensive or more. It watches the packages
# that start something beside themselves, or whose tests do: no other can be seen at odds
# with itself. What another has to lose when it is called from several sides is watched by
# the tests of whoever calls it so: it is built with them.
concurrent='^[[:space:]]*go (func|[[:alnum:]_.]+\()|\.Go\(|\berrgroup\.|\bAfterFunc\(|\bhttptest\.New[A-Za-z]*Server|\.Serve(TLS)?\(|\bListenAndServe|\bt\.Parallel\('

all=$($go list -f '{{.ImportPath}} {{.Dir}}' ./...)
watched=() plain=() timed=() as_shipped=() benched=()
while read -r package dir; do
	if grep -qE '^func Benchmark' "$dir"/*_test.go 2>/dev/null; then benched+=("$package"); fi
	case $(grep -cE "$shipped" <<<"$package")$(grep -cE "$measuring" <<<"$package") in
	11) as_shipped+=("$package") ;;
	01) timed+=("$package") ;;
	*) if grep -qE -- "$concurrent" "$dir"/*.go; then watched+=("$package"); else plain+=("$package"); fi ;;
	esac
done < <(grep -vE '/(reports/browser|examples) ' <<<"$all")

# make lint has vetted all of it. Side by side there are more packages than processors,
# for many wait for a database or a process. A benchmark is run once, so that it does not
# rot.
failed=0
try() { scripts/try.sh -vet=off -timeout 20m "$@" || failed=1; }
try -p 4 -parallel 8 -- "${plain[@]}"
CGO_ENABLED=$cgo try $race -p 4 -parallel 8 -- "${watched[@]}"
CGO_ENABLED=$cgo try $race -p 1 -- "${timed[@]}"
try -p 1 -- "${as_shipped[@]}"
try -p 4 -short -run '^$' -bench . -benchtime 1x -- "${benched[@]}"
exit "$failed"
