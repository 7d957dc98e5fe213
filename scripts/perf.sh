#!/usr/bin/env bash
# Repeats the figures of docs/performance.md on this machine, one after another.
# Nothing else should run meanwhile. Takes about ten minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo; echo "== $*"; }

say "seeding and cloning"
for n in 10000 100000; do
	HOLDFAST_BENCH_PROJECTS=$n go test ./reference/schema -run '^$' -bench 'Seed|Clone' -benchtime 3x
done

say "the load generator"
vegeta=$(go env GOPATH)/bin/vegeta
[ -x "$vegeta" ] || go install github.com/tsenart/vegeta/v12@v12.13.0
HOLDFAST_VEGETA=$vegeta go test ./harness/load -run Compare -v
HOLDFAST_LOAD_FOR=60s go test ./harness/load -run 'MemoryAndSend|Stalling' -v
go test ./harness/load -run '^$' -bench 'Request|Vegeta|Record|JSON' -cpu 1

say "faults and fakes"
go test ./harness/chaos -run '^$' -bench RoundTrip
go test ./fakes/journal -run '^$' -bench Record
go test ./fakes/journal -run Million -v
HOLDFAST_HEAVY=1 go test ./fakes/host -run 'TenThousand|Random' -v

say "oracles"
go test ./reference/oracle -run '^$' -bench Impact -benchtime 300x -count 3

say "tasks"
go test ./reference/task -run '^$' -bench 'River|Tasks|Notify' -benchtime 1x -count 3
bin/holdfast run task/refused-key task/killed-often --profile bench --out out/perf-tasks

say "search at a million projects"
bin/holdfast run search/scale --profile bench --out out/perf
