#!/bin/sh
# Installs what the tests need on a Debian machine (each only if it is missing)
# and runs all of them. Elsewhere it runs what can run; a test that is skipped
# where it should run makes it fail.
set -eu
cd "$(dirname "$0")"

missing=
command -v gnome-keyring-daemon >/dev/null || missing="$missing gnome-keyring"
command -v dbus-daemon >/dev/null || missing="$missing dbus"
command -v secret-tool >/dev/null || missing="$missing libsecret-tools"
command -v openssl >/dev/null || missing="$missing openssl"
command -v gcc >/dev/null || missing="$missing gcc libc6-dev"
if [ -n "$missing" ] && command -v apt-get >/dev/null; then
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	$sudo apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

echo "== format"
unformatted=$(go run mvdan.cc/gofumpt@v0.12.0 -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "not formatted by gofumpt: $unformatted"; exit 1; }

echo "== vet and staticcheck"
go vet ./...
for system in darwin windows; do # where the tests do not run, they compile
	GOOS=$system go vet ./...
done
go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

echo "== builds"
for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
	CGO_ENABLED=0 GOOS=${target%/*} GOARCH=${target#*/} go build -trimpath -ldflags '-s -w' -o /dev/null .
	echo "$target"
done

echo "== tests"
out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0
go test -race -shuffle=on -timeout 30m -v ./... >"$out" 2>&1 || status=$?
# Of the fault matrix in process that was a sample: with the race detector all of it
# takes an hour.
go test -shuffle=on -timeout 30m -v ./internal/cells >>"$out" 2>&1 || status=$?
grep -E '^(ok|FAIL|[[:space:]]*--- FAIL|panic:)' "$out" || true
if [ "$status" != 0 ]; then
	echo "== what failed: what each test that failed said, then the last lines of all"
	awk '/^=== (RUN|NAME|CONT)/ { name = $3 }
		/^[[:space:]]*--- (PASS|FAIL)/ { name = $3; if ($2 == "FAIL:") { failed[name] = 1 } }
		{ said[name] = said[name] $0 "\n" }
		END { for (n in failed) { printf "%s", said[n] } }' "$out" |
		grep -vE '^(=== (RUN|PAUSE|CONT|NAME)|[[:space:]]*--- PASS|PASS$)' | tail -n 300
	tail -n 40 "$out"
fi
echo "== benchmarks, the quick ones once"
go test ./internal/e2e -run '^$' -bench '^Benchmark(Version|Binary|Onboarding)$' -benchtime 1x | grep ^Benchmark || status=1
passed=$(grep -cE '^[[:space:]]*--- PASS' "$out" || true)
failed=$(grep -cE '^[[:space:]]*--- FAIL' "$out" || true)
skipped=$(grep -E '^[[:space:]]*--- SKIP' "$out" || true)
if [ -n "$skipped" ]; then
	echo "skipped, and nothing may be:"
	echo "$skipped"
	status=1
fi
echo "$passed passed, $failed failed"
exit "$status"
