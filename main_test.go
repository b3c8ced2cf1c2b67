package main

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

// TestMemoryIsLimited holds that what works on accounts limits its memory first.
func TestMemoryIsLimited(t *testing.T) {
	was := debug.SetMemoryLimit(math.MaxInt64)
	t.Cleanup(func() { debug.SetMemoryLimit(was) })
	if _, _, err := environment(t.Context(), nil, world{ports: link.Ports{Registry: registry.Memory()}}, cli.Start{}); err != nil {
		t.Fatal(err)
	}
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		t.Error("there is no limit")
	}
}
