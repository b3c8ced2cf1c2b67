# What exists, by short names. test.sh is what a release is tested with.

.PHONY: build test bench fuzz

build:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o xops-onboard .

test:
	./test.sh

# One table of what docs/performance.md promises; ten minutes on a quiet machine.
bench:
	@go run ./internal/startbench/table

# Each fuzz target for a while: make fuzz FOR=1m
FOR ?= 10s
fuzz:
	@git grep -l 'func Fuzz' -- '*_test.go' | while read -r file; do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$file"); do \
			echo "$$file $$name"; \
			go test "./$$(dirname "$$file")" -run '^$$' -fuzz "^$$name$$" -fuzztime $(FOR) || exit 1; \
		done; \
	done
