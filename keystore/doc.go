// Package keystore keeps private keys: it makes them, puts them into the
// operating system's keyring or into age files under a passphrase, reads back
// what it put there, and signs with them. A private key leaves it only as a
// crypto.Signer. It also makes certificates and writes them, and texts, to
// files for a person to pick up.
//
// A key is stored under an id of this program's own, as one string of ASCII
// (see value.go), the same in every store. Nothing is stored in the clear, no
// store is used in place of another, and no key is ever overwritten: what
// cannot be read is reported and left alone.
//
// The keyring is reached through github.com/zalando/go-keyring, which has no
// time-outs and trusts what it is told. Around it stand a probe of our own
// that never asks a person, a time limit on every call, and a look at the
// result of every write (see keyring.go).
//
// Errors are *account.Problem.
package keystore
