#!/bin/sh
# Fuzzes every target there is, each for FUZZTIME (a minute), and prints a table.
# What it finds stands in testdata/fuzz of the package and makes this fail: mend
# it and keep the file, which every `go test` tries again from then on.
# FUZZ is a pattern of targets to keep to, PARALLEL how many workers one has.
set -eu
cd "$(dirname "$0")"

time=${FUZZTIME:-1m}
parallel=${PARALLEL:-$(getconf _NPROCESSORS_ONLN)}
out=$(mktemp)
trap 'rm -f "$out" "$out.rooms"' EXIT
status=0
row='%-34s %-18s %12s %12s %9s\n'

# shellcheck disable=SC2059
printf "$row" package target executions interesting findings
for file in $(git ls-files --cached --others --exclude-standard '*_test.go' | xargs grep -l '^func Fuzz'); do
	dirname "$file"
done | sort -u >"$out.rooms"
while read -r room; do
	for target in $(go test -list "${FUZZ:-^Fuzz}" "./$room" | grep '^Fuzz' || true); do
		findings=0
		# Whatever is interesting is made small first, for a minute, of which nothing is
		# left to find more where a run is not alike twice: goroutines, keys.
		if ! go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 50x -parallel "$parallel" "./$room" </dev/null >"$out" 2>&1; then
			# It stops at the first. Go itself fails with this alone where the time is
			# over while a worker is at something; nothing was found then.
			if ! grep -q '^ *context deadline exceeded$' "$out" || grep -q 'Failing input written' "$out"; then
				findings=1
				status=1
			fi
		fi
		last=$(grep -o 'execs: .*' "$out" | tail -n 1)
		execs=$(printf '%s' "$last" | sed -n 's/^execs: \([0-9]*\).*/\1/p')
		fresh=$(printf '%s' "$last" | sed -n 's/.*new interesting: \([0-9]*\).*/\1/p')
		# shellcheck disable=SC2059
		printf "$row" "$room" "$target" "${execs:--}" "${fresh:--}" "$findings"
		[ "$findings" = 0 ] || sed 's/^/    /' "$out"
	done
done <"$out.rooms"
exit "$status"
