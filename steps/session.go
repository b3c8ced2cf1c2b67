package steps

import (
	"errors"
	"io"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// session is who signed in, what that person saw, and what was said of this
// machine alone. It is kept between the
// stops of one wizard, in memory alone, and never in a draft.
type session struct {
	typed  string           // what was typed for the tenant: its id, a domain, or a sign-in name
	tenant account.TenantID // that it stands for
	client account.ClientID
	remote bool // the person's browser is on another machine, as far as is known or was said
	admin  link.Administrator
	azure  link.AzureAdministrator
	aws    link.AWSAdministrator
	over   bool // the tokens were dropped
	survey account.Survey
	tree   account.AzureSurvey
	adopt  account.App // the app that is to be used; zero: one is made
}

// typedFor is what was typed for the draft's tenant; empty where that is another
// by now, or came from elsewhere.
func (s *session) typedFor(d account.Draft) string {
	if s == nil || s.tenant != d.Microsoft().Tenant {
		return ""
	}
	return s.typed
}

// hint is the sign-in name that was typed for the draft's tenant, if it was one.
func (s *session) hint(d account.Draft) string { return SignInHint(s.typedFor(d)) }

// name notes what was typed for a tenant.
func (s *session) name(text string, tenant account.TenantID) {
	s.typed, s.tenant = strings.TrimSpace(text), tenant
}

// signed is who signed in, to what.
func (s *session) signed() link.Signed {
	return link.Signed{Directory: s.admin, Azure: s.azure, AWS: s.aws}
}

// take notes who signed in; a sign-in for the directory begins anew.
func (s *session) take(by link.Signed) {
	if by.Directory != nil {
		s.drop()
		s.admin = by.Directory
	}
	if by.AWS != nil {
		s.drop()
		s.aws = by.AWS
	}
	if by.Azure != nil {
		if s.azure != nil {
			s.azure.Forget()
		}
		s.azure, s.tree = by.Azure, account.AzureSurvey{}
	}
}

// ready tells whether everybody is signed in that taking a draft back needs.
func (s *session) ready(d account.Draft) bool {
	switch {
	case s.over:
		return false
	case d.Provider == account.AWS:
		return s.aws != nil
	case d.Provider == account.Azure && InAzure(d):
		return s.admin != nil && s.azure != nil
	}
	return s.admin != nil
}

// drop forgets what was signed in with.
func (s *session) drop() {
	s.signed().Forget()
	s.admin, s.azure, s.aws, s.over = nil, nil, nil, false
	s.survey, s.tree, s.adopt = account.Survey{}, account.AzureSurvey{}, account.App{}
}

// ended is why an operation ended; nil when it ended well.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// SignInHint is the sign-in name that was entered for a tenant, empty where
// something else was.
func SignInHint(text string) string {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "@") {
		return ""
	}
	return text
}
