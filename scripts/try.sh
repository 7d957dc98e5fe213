#!/usr/bin/env bash
# go test with these arguments: try.sh FLAGS -- PACKAGES. A test that failed is tried once
# more, alone, for many of ours hold times that a machine's other work may break; one that
# fails twice has failed, and one that did not is told of at the end, for whoever hunts it.
# An input that a property test failed on is kept by it, and tried again with it.
set -uo pipefail
go=${GO:-go}
flags=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do flags+=("$1"); shift; done
shift

said=$(mktemp)
trap 'rm -f "$said"' EXIT
"$go" test "${flags[@]}" "$@" 2>&1 | tee "$said"
[ "${PIPESTATUS[0]}" -eq 0 ] && exit 0
grep -q '^WARNING: DATA RACE' "$said" && exit 1 # it is there, however seldom it is seen

# Each line: a package, and the tests that failed in it; none where it ended otherwise.
again=$(awk -F'\t' '
	/^--- FAIL: / { split($0, word, " "); tests = tests (tests ? "|" : "") word[3] }
	/^panic: |^signal: |^exit status / { if ($0 !~ /^exit status 1$/) whole = 1 }
	/^ok  \t|^\?   \t/ { tests = ""; whole = 0 }
	/^FAIL\t/ { if ($2 ~ /\[|\]/ || $3 ~ /\[/) print "-"; else { print $2 "\t" (whole ? "" : tests) }; tests = ""; whole = 0 }' "$said")
case $'\n'$again$'\n' in
*$'\n-\n'* | $'\n\n') exit 1 ;; # it does not build
esac

failed=0
while IFS=$'\t' read -r package tests; do
	echo "once more, alone: $package ${tests:-all its tests}"
	if "$go" test "${flags[@]}" -count=1 ${tests:+-run "^($tests)\$"} "$package"; then
		echo "unsteady: $package ${tests:-all its tests} failed, and passed at the second try"
	else
		failed=1
	fi
done <<<"$again"
exit "$failed"
