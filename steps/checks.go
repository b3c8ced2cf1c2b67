package steps

import (
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
	account.Foreign:             "Nothing foreign on the app",
	account.KeyLife:             "Key life",
}

// CheckTitle is a check as people call it.
func CheckTitle(n account.CheckName) string { return checkNames[n] }

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

// Checks is a report, one line a check, with what to do under those that do
// not hold.
func Checks(width int, t kit.Theme, r account.Report) kit.Frame {
	const column = 28
	out := make([]kit.Frame, 0, len(r.Checks))
	for _, c := range r.Checks {
		title := checkNames[c.Name]
		if c.State == account.Holds {
			detail := kit.Cut(strings.Join(c.Detail, ", "), width-column)
			out = append(out, kit.Beside(kit.Frame{Text: Sign(c.State, t) + " " + title}, column, kit.Frame{Text: t.Faint.Render(detail)}))
			continue
		}
		out = append(out, kit.Frame{Text: Sign(c.State, t) + " " + t.Label.Render(title)})
		if c.Problem == nil {
			continue
		}
		a := Advise(c.Problem)
		text := strings.TrimSpace(a.Say + " " + a.Do)
		for _, more := range [][]string{a.Causes, c.Detail} {
			if len(more) > 0 {
				text += " " + strings.Join(more, "; ") + "."
			}
		}
		out = append(out, kit.Beside(kit.Frame{Text: " "}, 2, kit.Frame{Text: kit.Wrap(text, width-2)}))
	}
	return kit.Stack(out...)
}
