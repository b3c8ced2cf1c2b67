// Package startbench measures how long a program takes from being executed to
// its first frame on a terminal, as a ratio to another program. Tests and
// benchmarks use it; the measure is the command in directory empty, the least
// that a Bubble Tea program can be. It exists on unix systems.
package startbench
