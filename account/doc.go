// Package account holds the values of this program: accounts and drafts, the
// clouds and their addresses, identifiers that are valid once they exist,
// problems, checks, and Clean, through which every text that somebody else
// wrote goes before it is drawn or written. It does nothing but compute: no
// files, no network, no clock, nothing but the standard library.
package account
