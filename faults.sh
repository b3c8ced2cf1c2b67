#!/bin/sh
# Makes every cell of the fault matrix and prints a table of counts: a, in this
# process over the operations; b, the real program on a terminal; c, kill -9 at a call
# or a write. Then that many random walks, 20 unless a number is given. Takes a while:
# half an hour on two cores. CI makes a whole, and samples of b, c and the walks.
set -eu
cd "$(dirname "$0")"

out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0
go test -v -timeout 60m ./internal/cells >"$out" 2>&1 || status=$?
go test -v -timeout 90m ./internal/e2e -run '^(TestPairs|TestKilledAtEachCall|TestKilledAtEachCallOfEach|TestKilledAtEachWrite|TestKilledAtEachWriteOfEach|TestRotationKilledAtEachCall|TestWalks)$' -faults -walks "${1:-20}" >>"$out" 2>&1 || status=$?

if [ "$status" != 0 ]; then
	echo "== what failed"
	grep -vE '^(=== (RUN|PAUSE|CONT|NAME)|[[:space:]]*--- PASS|PASS$)' "$out" | grep -v 'faults: ' | tail -n 400
fi
echo "level | operation                            | provider  | cells |  lost"
sed -n 's/.*faults: //p' "$out" | awk -F ' [|] ' '
	{ key = sprintf("%-5s | %-36s | %-9s", $1, $2, $3); cells[key] += $4; lost[key] += $5; all += $4; gone += $5 }
	END {
		for (k in cells) printf "%s | %5d | %5d\n", k, cells[k], lost[k] | "sort"
		close("sort")
		printf "%-5s | %-36s | %-9s | %5d | %5d\n", "all", "", "", all, gone
	}'
exit "$status"
