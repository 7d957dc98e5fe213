#!/usr/bin/env bash
# Runs the whole smoke suite against the intact reference over and over, every
# second time with another process that keeps one processor busy, and counts the
# verdicts. A fail is a false alarm: there must be none. What is inconclusive is
# listed with its reason.
#
#   scripts/soak-verdicts.sh [RUNS]      default 30
set -euo pipefail
cd "$(dirname "$0")/.."
runs=${1:-30}
dir=out/soak-verdicts
rm -rf "$dir"
mkdir -p "$dir"

busy=
stop_busy() { [ -z "$busy" ] || { kill "$busy" 2>/dev/null || true; wait "$busy" 2>/dev/null || true; busy=; }; }
trap stop_busy EXIT

declare -A count=([pass]=0 [fail]=0 [inconclusive]=0 [not-exercised]=0)
for i in $(seq 1 "$runs"); do
	how=quiet
	if [ $((i % 2)) = 0 ]; then
		how=busy
		sha256sum /dev/zero & busy=$!
	fi
	bin/holdfast run --all --profile smoke --seed "$i" --json --out "$dir/$i" >"$dir/$i.jsonl" 2>"$dir/$i.err" || true
	stop_busy
	# One JSON line for each scenario that ended: its name, verdict and reason.
	while IFS= read -r line; do
		verdict=$(sed -E 's/.*"verdict":"([^"]*)".*/\1/' <<<"$line")
		count[$verdict]=$((${count[$verdict]} + 1))
		if [ "$verdict" != pass ]; then
			sed -E 's/.*"scenario":"([^"]*)".*"verdict":"([^"]*)","reason":"(.*)"\}$/\1: \2: \3/' <<<"$line" | sed "s/^/run $i ($how): /" | tee -a "$dir/others.txt"
		fi
	done < <(grep '"kind":"scenario-ended"' "$dir/$i.jsonl")
	echo "run $i of $runs ($how): $(grep -c '"kind":"scenario-ended"' "$dir/$i.jsonl") scenarios" >&2
done
total=$((count[pass] + count[fail] + count[inconclusive] + count[not-exercised]))
echo "$runs runs, $total scenarios: ${count[pass]} pass, ${count[fail]} fail, ${count[inconclusive]} inconclusive, ${count[not-exercised]} not-exercised"
[ "${count[fail]}" = 0 ] && [ "$total" -gt 0 ]
