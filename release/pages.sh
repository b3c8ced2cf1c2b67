#!/bin/sh
# Writes what a release packs beside the program: completions for four shells and
# the manual page, all printed by the program itself, into release/pages. The day
# on the manual page is that of the commit, so that one commit packs the same
# files whenever it is built.
set -eu
cd "$(dirname "$0")/.."

out=release/pages
rm -rf "$out"
mkdir -p "$out"
program=$(mktemp)
trap 'rm -f "$program"' EXIT
go build -o "$program" .
for shell in bash zsh fish powershell; do
	"$program" completion "$shell" >"$out/xops-onboard.$shell"
done
day=$(git log -1 --format=%cs)
"$program" man | sed "1s/\"[0-9-]*\"/\"$day\"/" >"$out/xops-onboard.1"
gzip -9 -n -k "$out/xops-onboard.1"
