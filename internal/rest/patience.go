package rest

import (
	"context"
	"errors"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/turn"
)

// mostHeldBack is how often a call is made where the service asks each time to be
// left alone for longer than a Client waits by itself.
const mostHeldBack = 5

// Patiently makes a call again where the service asks to be left alone for longer
// than a Client waits by itself, after that time; who listens (Pausing) is told.
// Once ctx has ended it says so in the place of an answer for which the call would
// have been made again.
func Patiently(ctx context.Context, call func() error) error {
	for tries := 1; ; tries++ {
		if err := ctx.Err(); err != nil {
			return Ended(err)
		}
		err := call()
		p := account.AsProblem(err)
		switch {
		case ctx.Err() != nil && account.Passing(err):
			return Ended(ctx.Err())
		case err == nil || p.Kind != account.Throttled || p.Wait == 0 || tries == mostHeldBack:
			return err
		}
		if !fits(ctx, p.Wait) {
			return err
		}
		pausing(ctx, p.Wait, true)
		if err := Rested(ctx, p.Wait); err != nil {
			return err
		}
	}
}

// Rested waits, or fails as Ended when ctx ends. Where turns are taken it takes none.
func Rested(ctx context.Context, d time.Duration) error {
	turn.Leave(ctx)
	select {
	case <-ctx.Done():
		return Ended(ctx.Err())
	case <-time.After(d):
		return nil
	}
}

// Ended is the end of a context: TimedOut or Cancelled.
func Ended(err error) *account.Problem {
	if errors.Is(err, context.DeadlineExceeded) {
		return &account.Problem{Kind: account.TimedOut, Err: err}
	}
	return &account.Problem{Kind: account.Cancelled, Err: err}
}
