package steps

import (
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// machineNames are the parts of a machine as people call them.
var machineNames = map[account.CheckName]string{
	account.KeyringState:  "Keyring",
	account.FileState:     "File store",
	account.KeysThere:     "Keys",
	account.KeysOwned:     "Keys of nobody",
	account.RecordsSound:  "Accounts and drafts",
	account.Directories:   "Directory",
	account.ProxyInUse:    "Proxy",
	account.TrustedFiles:  "Authorities from",
	account.VariableSet:   "Variable",
	account.HostReached:   "Host",
	account.TLSSeen:       "TLS",
	account.ClockRight:    "Clock",
	account.TerminalDraws: "Terminal",
	account.BrowserThere:  "Browser",
}

// hostName is what a host is, in front of its name.
func hostName(host string) string {
	for _, id := range account.Clouds {
		switch c := id.Cloud(); host {
		case c.Login:
			return "Sign-in"
		case c.Graph:
			return "Microsoft Graph"
		case c.ARM:
			return "Azure Resource Manager"
		}
	}
	return "AWS"
}

// FindingTitle is the part that was looked at, as people call it.
func FindingTitle(f account.Finding) string {
	title := machineNames[f.Name]
	if f.Name == account.HostReached {
		title = hostName(f.Subject)
	}
	switch f.Name {
	case account.ProxyInUse, account.Directories, account.HostReached, account.VariableSet, account.TrustedFiles, account.KeysThere, account.RecordsSound:
		if f.Subject != "" && (f.Problem == nil || f.Problem.Subject != f.Subject) { // else the problem names it
			title += " " + f.Subject
		}
	}
	return title
}

// FindingLines are what was found of parts of a machine, as sentences: each with its
// sign, or aloud with what that says, and under it what to do.
func FindingLines(all []account.Finding, aloud bool) (lines []string) {
	all, unseen := apart(all)
	for _, f := range all {
		lines = append(lines, findingLines(f, aloud)...)
	}
	if len(unseen) > 0 {
		other := account.Finding{Check: account.Check{State: account.Unknown, Name: account.HostReached}}
		text := plural(len(unseen), "host") + " that no account here needs could not be reached: " + strings.Join(unseen, ", ") + "."
		lines = append(lines, mark(other, aloud)+" "+text)
	}
	return lines
}

// apart has the hosts that nobody needs, and that were not reached, told as one: a
// network that lets nothing else through is no news ten times.
func apart(all []account.Finding) (rest []account.Finding, unseen []string) {
	for _, f := range all {
		if f.Name == account.HostReached && !f.Needed && f.State == account.Unknown {
			unseen = append(unseen, f.Subject)
		} else {
			rest = append(rest, f)
		}
	}
	return rest, unseen
}

func findingLines(f account.Finding, aloud bool) []string {
	title := mark(f, aloud) + " " + FindingTitle(f) + ": "
	if f.Problem == nil {
		return []string{title + strings.Join(f.Detail, "; ") + "."}
	}
	a := Advise(f.Problem)
	out := []string{title + a.Say}
	further := []string{a.Do, "", strings.Join(f.Detail, "; ")}
	if f.Name == account.KeyringState && f.Needed {
		further[1] = "Or keep keys in a file under a passphrase: --key-store file."
	}
	for _, s := range further {
		if s != "" {
			out = append(out, "  "+s)
		}
	}
	return out
}

// mark is the sign of a finding, or what it says.
func mark(f account.Finding, aloud bool) string {
	signs := [2]string{"?", "Not known."}
	switch f.State {
	case account.Holds:
		signs = [2]string{"✓", "Good."}
	case account.Missing:
		signs = [2]string{"✗", "In the way."}
	}
	if aloud {
		return signs[1]
	}
	return signs[0]
}
