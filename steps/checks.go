package steps

import (
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// checkNames are the checks as people call them.
var checkNames = map[account.CheckName]string{
	account.CertificateAccepted: "Certificate accepted",
	account.RightTenant:         "Right tenant",
	account.GlobalReader:        "Global Reader",
	account.Consent:             "Admin consent",
	account.AccessReviews:       "Access reviews readable",
	account.Foreign:             "Nothing else on the app",
	account.KeyLife:             "Key life",
	account.Subscriptions:       "Subscriptions",
	account.AzureReads:          "Reader in Azure",
	account.KeyVaults:           "Key Vault Reader",
	account.AzureReadOnly:       "Nothing but reading",
	account.AWSSession:          "Credentials issued",
	account.AWSIdentity:         "Right account and role",
	account.AWSTrust:            "Trust as it was made",
	account.AWSPolicies:         "Policies attached",
	account.AWSPermissions:      "Permissions",
	account.AWSReadOnly:         "Nothing but reading",
	account.AuthorityLife:       "Authority's life",
}

// CheckTitle is a check as people call it.
func CheckTitle(n account.CheckName) string { return checkNames[n] }

// OfStore is a report with the key store named in what it says of one: a
// problem of a store does not know which it is.
func OfStore(r account.Report, s account.Store) account.Report {
	r.Checks = slices.Clone(r.Checks)
	for i, c := range r.Checks {
		if c.Problem != nil && c.Problem.Kind == account.StoreNotUsable {
			p := *c.Problem
			p.Subject = string(s)
			r.Checks[i].Problem = &p
		}
	}
	return r
}

// Locked tells whether a report says that the key could not be had.
func Locked(r account.Report) bool {
	return slices.ContainsFunc(r.Checks, func(c account.Check) bool { return c.Problem != nil && c.Problem.Kind == account.StoreNotUsable })
}

// Sign is the sign of a check's state.
func Sign(s account.CheckState, t kit.Theme) string {
	switch s {
	case account.Holds:
		return t.Good.Render("✓")
	case account.Missing:
		return t.Bad.Render("✗")
	case account.Warning:
		return t.Warn.Render("!")
	case account.Waiting:
		return t.Faint.Render("…")
	}
	return t.Faint.Render("?")
}

// Checks is a report, one line a check, and under those that do not hold what
// there is to say: with causes and what to do where no step of its own does that.
func Checks(width int, t kit.Theme, r account.Report, whole bool) kit.Frame {
	const column = 27
	out := make([]kit.Frame, 0, len(r.Checks))
	for _, c := range r.Checks {
		title := checkNames[c.Name]
		if c.State == account.Holds {
			detail := kit.Wrap(t.Faint.Render(strings.Join(c.Detail, ", ")), width-column)
			out = append(out, kit.Beside(kit.Frame{Text: Sign(c.State, t) + " " + title}, column, kit.Frame{Text: detail}))
			continue
		}
		sign := Sign(c.State, t)
		if !whole && c.State == account.Missing && c.Problem != nil && !certain(c.Problem.Kind) {
			sign = t.Warn.Render("!") // open: it may be spreading
		}
		out = append(out, kit.Frame{Text: sign + " " + t.Label.Render(title)})
		if c.Problem == nil {
			continue
		}
		a := Advise(c.Problem)
		text := a.Say
		if whole || len(a.Causes) == 0 {
			text = a.Line()
		}
		if len(c.Detail) > 0 {
			text += " " + strings.Join(c.Detail, "; ") + "."
		}
		out = append(out, kit.Mark(width, " ", text))
		if whole {
			for _, s := range a.Causes {
				out = append(out, kit.Mark(width, "  "+t.Faint.Render("·"), s))
			}
		}
	}
	return kit.Stack(out...)
}
