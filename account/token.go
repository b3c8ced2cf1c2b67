package account

import (
	"fmt"
	"io"
	"time"
)

// AppToken is what a Microsoft or Azure account is for: an access token of its app,
// for about an hour. It is secret, and shown to whoever asked for it and nobody else.
type AppToken struct {
	Access  string
	Type    string // "Bearer"
	Expires time.Time
}

// Format hides it, for every verb.
func (AppToken) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String hides it.
func (AppToken) String() string { return hidden }

// MarshalText hides it from encoders: whoever is to have it writes its fields.
func (AppToken) MarshalText() ([]byte, error) { return []byte(hidden), nil }
