package steps

import (
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// Begin is what a command line has told already. It is for one wizard alone,
// the first that begins with nothing of its own.
type Begin struct {
	Draft account.Draft
	Known account.Contents // what names and identities are taken
}

// begun is what a wizard that was to begin with d begins with.
func (e Env) begun(d account.Draft) (Env, account.Draft) {
	if e.Begin == nil || d.ID != "" || e.Begin.Draft.Provider == "" {
		return e, d
	}
	d = e.Begin.Draft
	e.Known, e.Drafts = e.Begin.Known.Accounts, e.Begin.Known.Drafts
	*e.Begin = Begin{} // the next wizard begins with nothing again
	return e, d
}

// Yes tells whether an answer is a yes. Nothing less than the word is.
func Yes(answer string) bool { return strings.EqualFold(strings.TrimSpace(answer), "yes") }

// PromptLines say what a person needs to sign in.
func PromptLines(e Env, s account.SignInPrompt) []string {
	if s.Way == account.ByDeviceCode {
		return []string{"Open " + s.VerificationURL + " in any browser and type this code: " + s.UserCode}
	}
	var out []string
	if e.Place.Remote {
		out = append(out, "Where your browser is, run: "+tunnel(e, s.Port))
	}
	return append(out, "Open this page: "+s.URL)
}

// PlannedLine is a change as a sentence: what it does and why.
func PlannedLine(c account.PlannedChange, d account.Draft) string {
	text := planSentence(c.Name, d) + ". " + planWords[c.Name][1]
	if c.Done {
		return "there: " + text
	}
	return "to do: " + text
}

// ChangeLine is an event of a change as a sentence; empty for what says nothing new.
func ChangeLine(e link.Event) string { return changeLine(e) }

// Lives are the lives of a certificate that the tenant may take.
func Lives(s account.Survey) []time.Duration { return lives(s) }

// InTheWay is what in the tenant keeps the draft from being linked, the rights
// of who signed in apart; nil for nothing.
func InTheWay(s account.Survey, d account.Draft) *account.Problem {
	return (&survey{draft: d, found: &s}).inTheWay()
}

// Needed tells whether a right is still needed to link.
func Needed(n account.RightName, made account.Made) bool { return needed(n, made) }

// RightLine is a right as a line: what it is for, and whether the person has it.
func RightLine(r account.Right) string {
	states := map[account.CheckState]string{account.Holds: "yes", account.Missing: "no", account.Unknown: "could not be read"}
	text := rightWords[r.Name] + ": " + states[r.State]
	if r.State == account.Missing {
		text += "; needs " + strings.Join(r.Roles, " or ")
	}
	return text
}

// CheckLine is a check as a line, with what there is to say of it.
func CheckLine(c account.Check) string {
	states := map[account.CheckState]string{
		account.Holds: "holds", account.Waiting: "waiting", account.Missing: "does not hold", account.Warning: "holds, with a warning", account.Unknown: "could not be checked",
	}
	text := checkNames[c.Name] + ": " + states[c.State] + "."
	if c.Problem != nil {
		text += " " + Advise(c.Problem).Line()
	}
	return text
}

// SignInLeaves is what is said before a sign-in to an app; zero is Microsoft
// Graph Command Line Tools.
func SignInLeaves(client account.ClientID) string {
	return leftBehind(client) + " They can be removed under " + leftBehindPath(client) + "."
}

// SignInLeft is what is said after a sign-in to an app, as SignInLeaves.
func SignInLeft(client account.ClientID) string {
	return "Your sign-in left delegated permissions, which may have been there before. Remove them under " + leftBehindPath(client) + "."
}

// WhoMayPurge says who can delete for good what was deleted.
const WhoMayPurge = "Your account may not delete these for good. An Application Administrator or Global Administrator can, under Entra ID › App registrations › Deleted applications; or nobody does, and they go by themselves."

// BinnedLine is a deleted object that can still be restored.
func BinnedLine(b account.Binned) string {
	what := "App registration "
	if b.Kind == account.BinnedPrincipal {
		what = "Enterprise app "
	}
	return what + b.Name + " (" + string(b.Object) + "): deleted, and restorable until " + Day(b.Until) + "."
}
