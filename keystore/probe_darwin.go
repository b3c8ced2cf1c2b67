package keystore

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
)

// How /usr/bin/security ends: the OSStatus of what went wrong, modulo 256. The
// numbers are those of SecBase.h (errSecItemNotFound is -25300):
// https://developer.apple.com/documentation/security/security-framework-result-codes
const (
	endedWithoutItem     = 44
	endedUnasked         = 36 // interaction is not allowed: locked, over SSH
	endedUnauthorized    = 51
	endedCancelled       = 128
	endedWithoutKeychain = 50
	endedWithoutDefault  = 37
	endedUnavailable     = 53
)

// reads is how many reads may be under way: here each is a matter of its own.
const reads = 4

// known is nothing: every look is made anew.
type known struct{}

// look searches for an item that nobody has. That reads no secret, so no
// dialog is opened. Over SSH no dialog can be opened, and there the keychain is
// asked whether it is locked; at the desktop logging in unlocks it.
func (r *ring) look(ctx context.Context) (account.StoreState, bool, string) {
	err := security(ctx, "find-generic-password", "-s", selftest, "-a", uuid.NewString())
	if ended(err) == endedWithoutItem {
		err = nil
	}
	if err == nil && r.getenv("SSH_CONNECTION") != "" {
		err = security(ctx, "show-keychain-info")
	}
	if err != nil {
		return stateOf(err), false, err.Error()
	}
	return account.StoreReady, false, ""
}

func security(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "/usr/bin/security", args...)
	cmd.WaitDelay = 100 * time.Millisecond
	return cmd.Run()
}

func ended(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// stateOf is what an error of the library, or of security itself, says of the
// keychain.
func stateOf(err error) account.StoreState {
	switch ended(err) {
	case endedUnasked, endedUnauthorized, endedCancelled:
		return account.StoreLocked
	case endedWithoutKeychain, endedWithoutDefault:
		return account.StoreNoCollection
	case endedUnavailable:
		return account.StoreNoService
	}
	if strings.Contains(err.Error(), "no such file") {
		return account.StoreUnsupported
	}
	return account.StoreUnresponsive
}
