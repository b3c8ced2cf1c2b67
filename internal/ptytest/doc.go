// Package ptytest runs a built binary in a virtual terminal, on a real pty,
// with the words of package termtest: a person's. The terminal answers the
// command's queries, and everything the command writes is kept.
//
// It exists on unix systems.
package ptytest
