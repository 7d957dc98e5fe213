#!/usr/bin/env bash
# Repeats the figures of docs/performance.md on this machine, one after another, and
# writes the table of load generators there. Nothing else should run meanwhile. Takes
# about twenty minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo; echo "== $*"; }

# rival NAME COMMAND… has a load generator built or installed, if it is not here, and
# notes it for the comparison; one that cannot be had is left out, and said to be.
rivals=
rival() {
	local name=$1
	shift
	if command -v "$name" >/dev/null 2>&1 || { "$@" >/dev/null 2>&1 && command -v "$name" >/dev/null 2>&1; }; then
		rivals="$rivals $name"
	else
		echo "$name is left out: it is not here, and cannot be had ($*)"
	fi
}
debian() {
	if [ "$(id -u)" = 0 ]; then apt-get install -y -qq --no-install-recommends "$1"; else sudo -n apt-get install -y -qq --no-install-recommends "$1"; fi
}
PATH=$(go env GOPATH)/bin:$PATH
export PATH

say "seeding and cloning"
for n in 10000 100000; do
	HOLDFAST_BENCH_PROJECTS=$n go test ./reference/schema -run '^$' -bench 'Seed|Clone' -benchtime 3x
done

say "the load generator, beside others"
rival vegeta go install github.com/tsenart/vegeta/v12@v12.13.0
rival fortio go install fortio.org/fortio@v1.63.10
rival hey go install github.com/rakyll/hey@v0.1.5
rival wrk debian wrk
rival ab debian apache2-utils
HOLDFAST_RIVALS=$rivals HOLDFAST_RIVALS_INTO=$PWD/docs/performance.md go test ./harness/load -run CompareWithOthers -v -timeout 40m
HOLDFAST_LOAD_FOR=60s go test ./harness/load -run 'MemoryAndSend|Stalling' -v
go test ./harness/load -run '^$' -bench 'Request|Vegeta|Record|JSON' -cpu 1

say "the result file"
go test ./harness/result -run '^$' -bench 'Read|Write'

say "faults and fakes"
go test ./harness/chaos -run '^$' -bench RoundTrip
go test ./fakes/journal -run '^$' -bench Record
go test ./fakes/journal -run Million -v
HOLDFAST_HEAVY=1 go test ./fakes/host -run 'TenThousand|Random' -v

say "oracles"
go test ./reference/oracle -run '^$' -bench Impact -benchtime 300x -count 3

say "tasks"
go test ./reference/task -run '^$' -bench 'River|Tasks|Notify' -benchtime 1x -count 3
go test ./reference/task -run '^$' -bench Claim -benchtime 100x -count 3
bin/holdfast run task/refused-key task/killed-often --profile bench --out out/perf-tasks

say "search at a million projects"
bin/holdfast run search/scale --profile bench --out out/perf
