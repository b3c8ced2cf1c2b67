package link_test

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// TestBegunWhileItEnds lets late commands begin operations while the program
// ends: all of them end, and none of them races with the wait for the others.
func TestBegunWhileItEnds(t *testing.T) {
	t.Parallel()
	for range 50 {
		ops := link.New(t.Context(), link.Ports{Now: time.Now})
		var late sync.WaitGroup
		for range 4 {
			late.Go(func() {
				if _, err := ops.VerifyAll([]account.ID{"none"}, 0).Next(t.Context()); !errors.Is(err, io.EOF) {
					t.Errorf("ended with %v", err)
				}
			})
		}
		ops.Close()
		late.Wait()
	}
}
