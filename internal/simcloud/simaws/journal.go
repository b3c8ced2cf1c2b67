package simaws

import (
	"slices"
	"time"
)

// Change is one thing that was changed.
type Change struct {
	Time     time.Time
	Account  string // number
	Region   string
	Who      string // ARN, or "console" for the administrator there
	Via      string // "cloudformation" when it acted for them
	Action   string // as named in policies: "iam:CreateRole"
	Resource string
}

// Journal are all changes so far, in the order they were made.
func (c *Cloud) Journal() []Change {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle(c.now().UTC())
	return slices.Clone(c.journal)
}

// Session is one session that credentials were given out for.
type Session struct {
	Time           time.Time
	Account        string
	ARN            string // of the assumed role
	Role           string // ARN
	SourceIdentity string
	Expires        time.Time

	// Of IAM Roles Anywhere; empty for AssumeRole and for IAM Identity Center.
	Anchor  string // ARN
	Profile string // ARN
	Serial  string // of the certificate, in decimal
}

// Sessions are all sessions so far, in the order they began.
func (c *Cloud) Sessions() []Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sessions)
}
