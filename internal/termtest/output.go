package termtest

import (
	"bytes"

	"github.com/axiomio/xops-onboard/internal/termtest/vterm"
)

// output does what the line discipline of a terminal does: a line feed also
// returns. Without a terminal the renderer counts on it.
type output struct{ line *vterm.Line }

// Write draws p.
func (o output) Write(p []byte) (int, error) {
	if _, err := o.line.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}
