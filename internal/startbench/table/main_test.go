package main

import "testing"

const printed = `goos: linux
BenchmarkFirstFrame-2         	       1	1651572103 ns/op	        16.94 ms/measure	         1.25 ratio
BenchmarkFirstFrameOfMany-2   	       1	1651572103 ns/op	         1.75 ratio
BenchmarkManyAccounts/home-2  	       1	1651572103 ns/op	         1.01 ratio
BenchmarkManyAccounts/home_filter-2 	 1	1651572103 ns/op	         1.1e+00 ratio
PASS
`

func TestLargestOfABenchmark(t *testing.T) {
	found := read([]byte(printed))
	for benchmark, want := range map[string]float64{"FirstFrame": 1.25, "FirstFrameOfMany": 1.75, "ManyAccounts/": 1.1} {
		if have, ok := (promise{benchmark: benchmark, unit: "ratio"}).largest(found); !ok || have != want {
			t.Errorf("%s: %v %v, want %v", benchmark, have, ok, want)
		}
	}
	if have, ok := (promise{benchmark: "FirstFrame", unit: "MB"}).largest(found); ok {
		t.Errorf("a unit that was not measured is %v", have)
	}
}

func TestFigures(t *testing.T) {
	for f, want := range map[float64]string{17941: "17941", 18002.1: "18002", 1.2345: "1.23", 26.6: "26.6", 8: "8", 0.6333: "0.633"} {
		if have := figure(f); have != want {
			t.Errorf("%v is %s, want %s", f, have, want)
		}
	}
}
