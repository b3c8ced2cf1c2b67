#!/bin/sh
# Writes what a release packs beside the program into release/pages: completions for
# four shells and the manual page, as the program prints them, and the licences of the
# modules that are linked. The day on the manual page is that of the commit, so
# that one commit packs the same files whenever it is built.
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

# Of all systems together, each module once, Go's own among them.
licences=$out/third-party-licences.txt
{
	printf '==== Go %s\n\n' "$(go env GOVERSION)"
	cat "$(go env GOROOT)/LICENSE"
	for system in linux darwin windows; do
		CGO_ENABLED=0 GOOS=$system go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}' .
	done | sort -u | while read -r module version dir; do
		printf '\n==== %s %s\n' "$module" "$version"
		found=
		for file in "$dir"/LICEN[CS]E* "$dir"/COPYING* "$dir"/NOTICE*; do
			[ -f "$file" ] || continue
			found=yes
			printf '\n'
			cat "$file"
		done
		[ -n "$found" ] || { echo "$module has no licence that can be packed" >&2; exit 1; }
	done
} >"$licences"
