package steps

import (
	"errors"
	"io"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// session is who signed in, and what that person saw. It is kept between the
// stops of one wizard, in memory alone, and never in a draft.
type session struct {
	named  string // the tenant as it was entered: a domain, where it was one
	hint   string // sign-in name that was entered for the tenant
	client account.ClientID
	admin  link.Administrator
	over   bool // the token was dropped
	survey account.Survey
	adopt  account.App // the app that is to be used; zero: one is made
}

// drop forgets the administrator's token.
func (s *session) drop() {
	if s.admin != nil {
		s.admin.Forget()
	}
	s.admin, s.over, s.survey, s.adopt = nil, false, account.Survey{}, account.App{}
}

// ended is why an operation ended; nil when it ended well.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
