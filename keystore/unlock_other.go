//go:build !((dragonfly && cgo) || (freebsd && cgo) || linux || netbsd || openbsd)

package keystore

import (
	"context"

	"github.com/axiomio/xops-onboard/account"
)

// ask is for systems whose keyring cannot be told to show its dialog: they
// show it when a key is read, or not at all.
func (*ring) ask(context.Context) error { return notUsable(account.StoreLocked, nil) }

// hangUp has nothing to close here: a call that does not return is left alone.
func hangUp() {}
