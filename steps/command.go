package steps

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
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

// SignIn has an administrator of the draft's tenant sign in for a resource,
// beginning with the sign-in name of the hint. What a person needs for it is told. A browser here
// is opened; in the demo its administrator types the code.
func SignIn(ctx context.Context, e Env, d account.Draft, of account.Resource, way account.SignInWay, hint string, tell func(account.SignInPrompt)) (link.Signed, error) {
	wish := account.SignInWish{Cloud: d.Cloud, Tenant: d.Microsoft().Tenant, Hint: hint, Client: e.Client, For: of}
	return signed(ctx, e, way, wish, func(p account.SignInPrompt) {
		tell(p)
		switch {
		case e.Demo != nil:
			_ = e.Demo.SignIn(ctx, p) // the sign-in itself says what became of it
		case p.Way == account.InBrowser && !e.Place.Remote && e.Open != nil:
			_ = e.Open(ctx, p.URL) // the address is there to be opened by hand
		}
	})
}

// PromptLines say what a person needs to sign in.
func PromptLines(e Env, s account.SignInPrompt) (out []string) {
	switch {
	case s.Way == account.ByDeviceCode:
		out = []string{"Open " + s.VerificationURL + " in any browser and type this code: " + s.UserCode}
	case e.Place.Remote:
		out = []string{"Where your browser is, run: " + tunnel(e, s.Port), "Open this page there: " + s.URL}
	default:
		out = []string{"Open this page: " + s.URL}
	}
	if e.Demo != nil {
		return append(out, "In the demo its administrator types it now.")
	}
	return append(out, BrowserError)
}

// Look verifies a draft once, and changes nothing.
func Look(ctx context.Context, e Env, d account.Draft) (account.Report, error) {
	op := e.Ops.Watch(d)
	defer op.Stop()
	for {
		told, err := op.Next(ctx)
		if err != nil {
			return account.Report{}, err
		}
		if told.State == link.Looked {
			return *told.Report, nil
		}
	}
}

// AdoptableLines say what an app is that is to be used, and all that is on it.
func AdoptableLines(a account.Adoptable) []string {
	out := []string{"App: " + a.App.Name, "Client ID: " + string(a.App.Client)}
	if !a.App.Made.IsZero() {
		out = append(out, "Made: "+Day(a.App.Made))
	}
	on, _ := OnApp(a)
	return append(append(out, on...), adoptWhy)
}

// RightLine is a right in words, for what a draft that made this still needs.
func RightLine(r account.Right, d account.Draft) string { return rightText(r, d) + "." }

// Warnings are what whoever says yes ought to know.
func Warnings(s account.Survey, d account.Draft) (out []string) {
	for _, r := range s.Rights {
		if r.State != account.Holds && needed(r.Name, d) {
			out = append(out, RightLine(r, d))
		}
	}
	if !d.Made.HasApp() && !s.Adopted.App.Found() {
		for _, a := range others(s) {
			out = append(out, taggedText(a))
		}
	}
	if p := InTheWay(s, d); p != nil {
		out = append(out, Advise(p).Line())
	}
	return out
}

// InTheWay is what in the tenant keeps the draft from being linked, the rights
// of who signed in apart; nil for nothing.
func InTheWay(s account.Survey, d account.Draft) *account.Problem {
	return (&survey{draft: d, found: &s}).inTheWay()
}

// PlannedLine is a change as a sentence: what it does, why, and who may do it.
func PlannedLine(c account.PlannedChange, d account.Draft, s account.Survey) string {
	if c.Done {
		return "there: " + planSentence(c, d) + "."
	}
	who, _ := whoMay(s, c.Name)
	return strings.TrimSpace("to do: " + planSentence(c, d) + ". " + planWhy(c, d, s) + " " + who)
}

// ChangeLine is an event of a change as a sentence; empty for what says nothing new.
func ChangeLine(e link.Event) string {
	words := applyWords[e.Step]
	if made := e.Draft.Made; e.Step == link.TheApplication && (made.Adopt != "" || made.Adopted != nil) {
		words = "Certificate on the app that is there"
	}
	switch {
	case e.Left != nil:
		return "Not deleted for good."
	case words == "", e.Step == "undo-purge" && e.State == link.Done: // whether it could is told after it
		return ""
	case e.Step == "certificate" && e.State == link.Done:
		return fmt.Sprintf("%s for %s: made.", words, certificateLife(e.Draft))
	case e.State == link.Done, e.State == link.Looked && e.Report != nil && e.Report.Linked():
		return words + ": done."
	case e.State == link.Failed && e.Step == link.TheApplication && e.Problem.Kind == account.PolicyLife:
		return fmt.Sprintf("%s: a policy of the tenant refuses a certificate for %s.", words, certificateLife(e.Draft))
	case e.State == link.Failed:
		return words + ": " + Advise(e.Problem).Line()
	case e.State == link.Pausing && e.Pause != nil:
		return words + ": waiting, " + waitsFor(*e.Pause) + "."
	case e.State == link.Looked:
		provider := e.Draft.Provider
		if e.Report != nil {
			provider = e.Report.Provider
		}
		return words + ": waiting, " + spreadsWords(provider) + "."
	}
	return ""
}

// Folded is a line for a terminal of that width, its further lines under its first
// word, or the one after a sign or number; for a width of 0 the line as it is.
func Folded(line string, width int) string {
	if width == 0 {
		return line
	}
	text := strings.TrimLeft(line, " ")
	hang := len(line) - len(text)
	if sign, rest, ok := strings.Cut(text, " "); ok && (strings.Contains("✓ ✗ ? -", sign) || strings.Trim(sign, "0123456789") == ".") {
		hang, text = hang+utf8.RuneCountInString(sign)+1, rest
	}
	return strings.TrimSuffix(line, text) + strings.ReplaceAll(kit.Fold(text, width-hang), "\n", "\n"+strings.Repeat(" ", hang))
}

// CheckLines are a check and what there is to say of it.
func CheckLines(c account.Check) []string {
	states := map[account.CheckState]string{
		account.Holds: "holds", account.Waiting: "waiting", account.Missing: "does not hold", account.Warning: "holds, with a warning", account.Unknown: "could not be checked",
	}
	text := checkNames[c.Name] + ": " + states[c.State] + "."
	if c.Problem == nil {
		return append([]string{text}, indented("", c.Detail)...)
	}
	a := Advise(c.Problem)
	out := []string{text + " " + a.Line()}
	return append(append(out, indented("- ", a.Causes)...), indented("", c.Detail)...)
}

func indented(mark string, lines []string) (out []string) {
	for _, s := range lines {
		out = append(out, "  "+mark+s)
	}
	return out
}

// AccountLines are what there is now, what the Xops 360 form asks for, and how
// long the key lives.
func AccountLines(a account.Account) []string {
	if a.Provider == account.AWS {
		return awsAccountLines(a)
	}
	out := []string{string(a.Name) + " is connected.", "Nothing has been sent to Xops 360. The key stays in " + storeWords(a.Key.Store) + "."}
	for _, o := range AccountOffers(a) {
		out = append(out, o.Title+": "+o.Value)
	}
	return append(out, "Key expires: "+Day(a.Key.Certificate.NotAfter), "Renewed by: "+RenewLine(a.Name))
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

// SignInPage is the portal's page where they can be removed. The object id of
// what one signs in to is not known, so its address is the list it is found in.
func SignInPage(c account.CloudID, client account.ClientID) account.PortalPage {
	return c.Cloud().EnterpriseAppPage("", client)
}

// SignInLeftLines are SignInLeft with the page's address.
func SignInLeftLines(c account.CloudID, client account.ClientID) []string {
	return []string{SignInLeft(client), "Page: " + SignInPage(c, client).URL}
}

// TakenBackLines say what became of all that a draft had; left is what could
// not be removed, nil for nothing.
func TakenBackLines(left *link.Left) []string {
	const here = "The key and the draft are deleted here."
	if left == nil {
		return []string{"Taken back. " + here}
	}
	out := []string{"Taken back as far as your account may. " + here}
	for _, b := range left.Binned {
		out = append(out, BinnedLine(b))
	}
	return append(out, WhoMayPurge)
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
