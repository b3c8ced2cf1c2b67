// Package startbench measures how long a program takes, as a ratio to another
// program: from being executed to its first frame on a terminal, or to its end.
// Tests and benchmarks use it; the measures are the commands in directories
// empty and emptycommand, the least that a Bubble Tea program and a command
// line can be. It exists on unix systems.
package startbench
