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
	account.TrustedFiles:  "Trusted besides the system's",
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
		if f.Subject != "" {
			title += " " + f.Subject
		}
	}
	return title
}

// FindingLines are what was found of one part of a machine, as sentences: the first
// with what it is, and under it what to do.
func FindingLines(f account.Finding) []string {
	first := FindingTitle(f) + ": " + strings.Join(f.Detail, "; ")
	if f.Problem == nil {
		return []string{first + "."}
	}
	a := Advise(f.Problem)
	out := []string{FindingTitle(f) + ": " + a.Say}
	if !f.Needed && f.Name == account.HostReached {
		out[0] += " No account here needs it."
	} else if a.Do != "" {
		out = append(out, "  "+a.Do)
	}
	if f.Name == account.KeyringState && f.Needed {
		out = append(out, "  Or keep keys in a file under a passphrase: --key-store file.")
	}
	return append(out, indented("", f.Detail)...)
}

// FindingSign is the sign of a finding.
func FindingSign(f account.Finding) string { return findingWords(f)[0] }

// FindingWord is what the sign says, for lines that are read aloud.
func FindingWord(f account.Finding) string { return findingWords(f)[1] }

func findingWords(f account.Finding) [2]string {
	switch f.State {
	case account.Holds:
		return [2]string{"✓", "Good."}
	case account.Missing:
		return [2]string{"✗", "In the way."}
	}
	return [2]string{"?", "Not known."}
}
