//go:build race

package cells_test

// every is how many cells there are for one that is made. The race detector makes one
// take five times as long; test.sh has all of them made without it, too.
const every = 16
