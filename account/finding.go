package account

import "slices"

// The parts of a machine that are looked at, in the order they are shown.
const (
	KeyringState  CheckName = "keyring"    // what the keyring of the operating system can do now
	FileState     CheckName = "file-store" // what the file store can do now
	KeysThere     CheckName = "keys"       // every account's key is in its store and is the certificate's
	KeysOwned     CheckName = "keys-owned" // no key in the file store is nobody's
	Directories   CheckName = "directory"  // can be written, and by this user alone; the Subject is its path
	RecordsSound  CheckName = "records"    // every account and draft can be read
	ProxyInUse    CheckName = "proxy"      // how calls leave this machine
	TrustedFiles  CheckName = "trust"      // authorities that are trusted besides the system's; the Subject is the variable
	VariableSet   CheckName = "variable"   // one that changes trust or where calls go; the Subject is its name
	HostReached   CheckName = "host"       // one of a cloud's hosts; the Subject is its name
	TLSSeen       CheckName = "tls"        // who signed the certificates that the hosts showed
	ClockRight    CheckName = "clock"      // against the clocks of the hosts that were reached
	TerminalDraws CheckName = "terminal"   // what the terminal can do
	BrowserThere  CheckName = "browser"    // whether a browser can be opened from here
)

// Finding is what was found of one part of this machine: Holds, Missing where it
// stands in the way, Unknown where it cannot be told.
type Finding struct {
	Check
	Subject string // which one, where there are several; cleaned
	// Needed tells whether something here needs it: an account, or the next one to be
	// linked. What is not needed is told and decides nothing.
	Needed bool
}

// Host is one host of a cloud, and an address there that answers without a sign-in.
type Host struct {
	Name   string // without a port
	Ask    string // path and query of that address
	Needed bool   // see Finding
}

// Hosts are the hosts that accounts are reached by: of each of Microsoft's clouds the
// sign-in service, Microsoft Graph and Azure Resource Manager, and of AWS the ones for
// the regions of the accounts, or for the first region where there is none. They are
// needed where an account is; with no account, those of Global that every account of
// Microsoft needs.
func Hosts(accounts []Account) []Host {
	needed := map[string]bool{}
	regions := []AWSRegion{}
	for _, a := range accounts {
		c := a.Cloud.Cloud()
		switch a.Provider {
		case AWS:
			r := a.AWS().Region
			if !slices.Contains(regions, r) {
				regions = append(regions, r)
			}
			for _, h := range awsHosts(r) {
				needed[h.Name] = true
			}
		case Azure:
			needed[c.ARM] = true
			fallthrough
		default:
			needed[c.Login], needed[c.Graph] = true, true
		}
	}
	if len(accounts) == 0 {
		c := Global.Cloud()
		needed[c.Login], needed[c.Graph] = true, true
	}
	if len(regions) == 0 {
		regions = AWSRegions[:1]
	}
	return allHosts(regions, needed)
}

// allHosts are the hosts of every cloud, each once.
func allHosts(regions []AWSRegion, needed map[string]bool) (all []Host) {
	for _, id := range Clouds {
		c := id.Cloud()
		all = append(all,
			Host{Name: c.Login, Ask: "/common/v2.0/.well-known/openid-configuration"},
			Host{Name: c.Graph, Ask: "/v1.0/organization"},
			Host{Name: c.ARM, Ask: "/subscriptions?api-version=2022-12-01"})
	}
	for _, r := range regions {
		all = append(all, awsHosts(r)...)
	}
	seen := map[string]bool{}
	all = slices.DeleteFunc(all, func(h Host) bool {
		was := seen[h.Name]
		seen[h.Name] = true
		return was
	})
	for i := range all {
		all[i].Needed = needed[all[i].Name]
	}
	return all
}

// awsHosts are those that an account by a certificate asks when it is verified.
// Source: docs.aws.amazon.com/general/latest/gr/sts.html and rolesanywhere.html there.
func awsHosts(r AWSRegion) []Host {
	return []Host{
		{Name: "sts." + string(r) + "." + r.DNS(), Ask: "/?Action=GetCallerIdentity&Version=2011-06-15"},
		{Name: "rolesanywhere." + string(r) + "." + r.DNS(), Ask: "/trustanchors"},
	}
}
