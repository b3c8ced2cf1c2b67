# What exists, by short names. test.sh is what a release is tested with.

.PHONY: build test bench fuzz faults

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w $$(./release/stamp.sh)" -o xops-onboard .

test:
	./test.sh

# One table of what docs/performance.md promises; ten minutes on a quiet machine.
bench:
	@go run ./internal/startbench/table

# Every fuzz target for a while, as a table: make fuzz FUZZTIME=10s FUZZ=Parse
fuzz:
	@./fuzz.sh

# Every cell of the fault matrix, as a table of counts.
faults:
	@./faults.sh
