#!/bin/sh
# Flags for `go build -ldflags`: what `xops-onboard version` says of this checkout. There
# are none where no commit is, or where files differ from it: then it says what Go
# recorded of the build.
set -eu
cd "$(dirname "$0")/.."
commit=$(git rev-parse HEAD 2>/dev/null) && [ -z "$(git status --porcelain)" ] || exit 0
package=github.com/axiomio/xops-onboard/internal/version
version=$(git describe --tags --exact-match 2>/dev/null || echo dev)
date=$(TZ=UTC0 git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)
echo "-X $package.stampedVersion=$version -X $package.stampedCommit=$commit -X $package.stampedDate=$date"
