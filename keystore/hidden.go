package keystore

import (
	"fmt"
	"io"
)

// hidden makes what embeds it print, log and encode as dots, with any verb:
// a verb that does not fit makes fmt follow pointers that it else leaves alone.
type hidden struct{}

const dots = "•••"

// String is dots.
func (hidden) String() string { return dots }

// GoString is dots.
func (hidden) GoString() string { return dots }

// Format writes dots.
func (hidden) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, dots) }

// MarshalText is dots.
func (hidden) MarshalText() ([]byte, error) { return []byte(dots), nil }
