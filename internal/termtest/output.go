package termtest

import (
	"bytes"
	"sync"

	"github.com/axiomio/xops-onboard/internal/termtest/vterm"
)

// output does what the line discipline of a terminal does: a line feed also
// returns. Without a terminal the renderer counts on it.
type output struct {
	line *vterm.Line
	all  *stream
}

// stream is everything that was written, as it was.
type stream struct {
	mu  sync.Mutex
	all []byte
}

func (s *stream) add(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, p...)
}

// Write draws p.
func (o output) Write(p []byte) (int, error) {
	o.all.add(p)
	if _, err := o.line.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}
