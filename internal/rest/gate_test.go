package rest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestGateForgetsWhatIsOver does not grow with everyone who was ever held back, and
// still holds back who is.
func TestGateForgetsWhatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g gate
		g.hold("for long", 24*time.Hour)
		for i := range 10_000 {
			g.hold(fmt.Sprint(i), time.Second)
			time.Sleep(time.Second + 1)
		}
		if g.left("for long") <= 0 {
			t.Error("who is held back still was forgotten")
		}
		if n := len(g.until); n > 200 {
			t.Errorf("%d are remembered, all but one of which are over", n)
		}
	})
}
