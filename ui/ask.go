package ui

import (
	"context"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/link"
)

// answer brings back what a page asked for. It is dropped once the page was left.
type answer[T any] struct {
	value T
	err   error
	visit int
}

func (m answer[T]) of() int { return m.visit }

// visited is every answer, whatever it brings.
type visited interface{ of() int }

// ask runs f off the event loop, with a context that ends when the page is left.
func ask[T any](a *App, f func(context.Context) (T, error)) tea.Cmd {
	ctx, visit := a.here, a.visit
	return func() tea.Msg {
		v, err := f(ctx)
		return answer[T]{v, err, visit}
	}
}

// later is an answer after a while.
func later[T any](a *App, d time.Duration, v T) tea.Cmd {
	visit := a.visit
	return tea.Tick(d, func(time.Time) tea.Msg { return answer[T]{value: v, visit: visit} })
}

// ended waits for the end of an operation, which is told as its last event; nil
// is well.
func ended(ctx context.Context, op *link.Operation) (link.Event, error) {
	for {
		_, err := op.Next(ctx)
		if err == io.EOF {
			err = nil
		} else if err == nil {
			continue
		}
		return op.Last(), err
	}
}
