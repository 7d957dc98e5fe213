#!/bin/sh
# Runs a program, and beside it, in its cgroup, something greedy: as soon as the file
# $GREEDY says how much memory it takes that much, until the file is gone. "all" is more
# than there is, and the kernel kills it: the program is left to tell of that.
rm -f "$GREEDY"
(
	while [ ! -s "$GREEDY" ]; do sleep 0.1; done
	read -r much <"$GREEDY"
	[ "$much" != all ] || exec tail /dev/zero
	{ head -c "$much" /dev/zero; while [ -e "$GREEDY" ]; do sleep 0.1; done; } | tail >/dev/null
) &
exec "$@"
