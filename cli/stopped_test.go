//go:build unix

package cli_test

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
)

// TestVerifyIsStopped ends with 130, and says nothing of accounts that it did
// not get to.
func TestVerifyIsStopped(t *testing.T) {
	b, _ := four(t)
	var once atomic.Bool
	b.asked = func(ctx context.Context, _ account.Target) {
		if once.CompareAndSwap(false, true) {
			b.do(syscall.Kill(os.Getpid(), syscall.SIGTERM))
		}
		<-ctx.Done()
	}
	if code, out, errs := b.call("verify", "--all"); code != cli.Interrupted || out != "" {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
}

// TestRotateLooksAgain says why it waits, where a run before was killed when it
// had sent the certificate.
func TestRotateLooksAgain(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	b.change(a.ID, func(a *account.Account) {
		a.Next = &account.Key{ID: "0a1b2c3d-4e5f", Store: account.Keyring, Stored: true, Sent: time.Now()}
		a.Next.Certificate = account.Certificate{PEM: "next", NotAfter: time.Now().Add(180 * day)}
	})
	b.says = func(text string) {
		if strings.Contains(text, "its answer was lost; looking whether it is there.") {
			b.do(syscall.Kill(os.Getpid(), syscall.SIGTERM))
		}
	}
	if code, _, errs := b.call("rotate", "Contoso"); code != cli.Interrupted || !strings.Contains(errs, "Go on with: xops-onboard rotate Contoso") {
		t.Errorf("code %d, %q", code, errs)
	}
	b.untouched(a)
}
