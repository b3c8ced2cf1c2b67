package rest

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// The ways out of this machine that are tried, and how they look.

const (
	oneHost    = 10 * time.Second // as long as one host may take to answer
	clockLimit = 2 * time.Minute  // a certificate made by a clock that is further off is refused
)

// publicRoots are the authorities that Microsoft and Amazon name as those of their
// services. What another one signed was most likely made on the way, by a proxy that
// reads what passes.
// Source: learn.microsoft.com/azure/security/fundamentals/azure-ca-details and
// amazontrust.com/repository.
var publicRoots = []string{
	"Baltimore CyberTrust Root", "DigiCert Global Root CA", "DigiCert Global Root G2", "DigiCert Global Root G3",
	"DigiCert TLS ECC P384 Root G5", "DigiCert TLS RSA 4096 Root G5", "Entrust Root Certification Authority - G2",
	"Microsoft ECC Root Certificate Authority 2017", "Microsoft RSA Root Certificate Authority 2017",
	"Amazon Root CA 1", "Amazon Root CA 2", "Amazon Root CA 3", "Amazon Root CA 4", "Starfield Services Root Certificate Authority - G2",
}

// Examine asks every host, side by side, and tells of each whether it answered and
// who signed its certificate, and then how far this machine's clock is off.
func (c *Client) Examine(ctx context.Context, hosts []account.Host) []account.Finding {
	found, answers := make([]account.Finding, len(hosts)), make([]Answer, len(hosts))
	var all sync.WaitGroup
	for i, h := range hosts {
		all.Go(func() { found[i], answers[i] = c.reached(ctx, h) })
	}
	all.Wait()
	found = append(found, c.signers(answers)...)
	return append(found, c.clock(answers))
}

// reached asks one host.
func (c *Client) reached(ctx context.Context, h account.Host) (account.Finding, Answer) {
	ctx, cancel := context.WithTimeout(ctx, oneHost)
	defer cancel()
	f := account.Finding{Check: account.Check{Name: account.HostReached, State: account.Holds, At: c.now()}, Subject: h.Name, Needed: h.Needed}
	a, err := c.asked(ctx, h)
	if err != nil {
		f.State, f.Problem = account.Missing, account.AsProblem(err)
		if !h.Needed {
			f.State = account.Unknown // many networks let only that through which is used
		}
		return f, Answer{}
	}
	f.Evidence = []account.Evidence{a.Evidence}
	f.Detail = []string{fmt.Sprintf("answered in %d ms", a.Took().Milliseconds())}
	if root := a.root(); root != nil {
		f.Detail = append(f.Detail, "signed by "+named(root))
	}
	return f, a
}

// asked makes the call. Any answer of the host's own will do: it is asked without a
// sign-in.
func (c *Client) asked(ctx context.Context, h account.Host) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+h.Name+h.Ask, nil)
	if err != nil {
		return Answer{}, &account.Problem{Kind: account.Unexpected, Message: "the address cannot be read", Err: err}
	}
	resp, _, a, err := c.send(r, "examine "+h.Name)
	switch {
	case err != nil:
		return a, err
	case resp.StatusCode/100 == 3, strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"):
		return a, &account.Problem{Kind: account.NotTheService, Subject: h.Name, Status: a.Status}
	case resp.StatusCode >= 500:
		return a, &account.Problem{Kind: account.Unavailable, Subject: h.Name, Status: a.Status}
	}
	return a, nil
}

// root is the authority by which the host was trusted, nil where TLS was not seen.
func (a Answer) root() *x509.Certificate {
	if len(a.chains) == 0 {
		return nil
	}
	chain := a.chains[0]
	return chain[len(chain)-1]
}

// named is the name of an authority, and whose it says it is.
func named(c *x509.Certificate) string {
	name := Text(cmp.Or(c.Subject.CommonName, c.Subject.String()), 100)
	if len(c.Subject.Organization) > 0 && c.Subject.CommonName != "" {
		name += " (" + Text(c.Subject.Organization[0], 60) + ")"
	}
	return name
}

// signers tell who signed what the hosts showed: Inspected where an authority did that
// is not one of theirs. Whether a company reads what passes there, or somebody else,
// cannot be told from here.
func (c *Client) signers(answers []Answer) (found []account.Finding) {
	public, others := 0, map[string]int{}
	for _, a := range answers {
		switch root := a.root(); {
		case root == nil:
		case slices.Contains(publicRoots, root.Subject.CommonName):
			public++
		default:
			others[named(root)]++
		}
	}
	if public > 0 {
		found = append(found, account.Finding{Check: account.Check{Name: account.TLSSeen, State: account.Holds, At: c.now(), Detail: []string{"authorities of Microsoft and Amazon signed what " + account.Counted(public, "host") + " showed"}}})
	}
	for _, name := range slices.Sorted(maps.Keys(others)) {
		found = append(found, account.Finding{Check: account.Check{Name: account.TLSSeen, State: account.Unknown, At: c.now(), Problem: &account.Problem{Kind: account.Inspected, Subject: name}, Detail: []string{account.Counted(others[name], "host")}}})
	}
	return found
}

// clock is how far the clock is off, by the middle one of what the hosts told.
func (c *Client) clock(answers []Answer) account.Finding {
	f := account.Finding{Check: account.Check{Name: account.ClockRight, State: account.Unknown, At: c.now()}, Needed: true}
	var told []time.Duration
	for _, a := range answers {
		if ahead, ok := a.Ahead(); ok {
			told = append(told, ahead)
		}
	}
	if len(told) == 0 {
		f.Problem = &account.Problem{Kind: account.ClockUnknown}
		return f
	}
	slices.Sort(told)
	ahead := told[len(told)/2]
	f.State, f.Detail = account.Holds, []string{fmt.Sprintf("off by %d s, as %s tell", int(ahead.Abs().Seconds()), account.Counted(len(told), "host"))}
	if ahead.Abs() > clockLimit {
		f.State, f.Problem, f.Detail = account.Missing, &account.Problem{Kind: account.ClockOff, Skew: ahead}, nil
	}
	return f
}

// Settings are what the environment says of the way out: the proxy for a host, the
// files of authorities, and every other variable that changes trust. getenv is
// os.Getenv, which the proxy is read by as well.
func Settings(getenv func(string) string, now time.Time) []account.Finding {
	found := []account.Finding{proxySet(getenv)}
	for _, name := range trustVariables {
		if path := getenv(name); path != "" {
			found = append(found, trustSet(name, path))
		}
	}
	for _, v := range wayVariables {
		if value := getenv(v.name); value != "" {
			found = append(found, account.Finding{Check: account.Check{Name: account.VariableSet, State: account.Holds, Detail: []string{v.does}}, Subject: v.name})
		}
	}
	for i := range found {
		found[i].At = now
	}
	return found
}

// wayVariables are those that the standard library obeys besides the proxy's, and
// those that other programs obey and this one does not. Their values are not told.
// Source: pkg.go.dev/net/http#ProxyFromEnvironment, pkg.go.dev/crypto/x509,
// pkg.go.dev/runtime#hdr-Environment_Variables.
var wayVariables = []struct{ name, does string }{
	{"SSL_CERT_DIR", "on Linux the system's authorities are read from there"},
	{"GODEBUG", "it may change how names, proxies and certificates are dealt with"},
	{"ALL_PROXY", "not obeyed; HTTPS_PROXY is"},
	{"all_proxy", "not obeyed; HTTPS_PROXY is"},
	{"REQUESTS_CA_BUNDLE", "not obeyed; SSL_CERT_FILE is"},
	{"CURL_CA_BUNDLE", "not obeyed; SSL_CERT_FILE is"},
	{"SSLKEYLOGFILE", "not obeyed: no key of a connection is written"},
	{"AZURE_AUTHORITY_HOST", "not obeyed: the tenant decides the sign-in host"},
}

// proxySet is the proxy of the environment, without its password.
func proxySet(getenv func(string) string) account.Finding {
	f := account.Finding{Check: account.Check{Name: account.ProxyInUse, State: account.Holds}, Needed: true}
	name, u, err := proxyOf(getenv)
	f.Subject = name
	switch {
	case name == "":
		f.Detail = []string{"none; calls go out directly"}
		return f
	case err != nil:
		f.State, f.Problem = account.Missing, &account.Problem{Kind: account.ProxyUnread, Subject: name}
		return f
	}
	f.Detail = []string{Text(u.Scheme+"://"+u.Host, 100)}
	if u.User != nil {
		f.Detail = append(f.Detail, "with a user's name and password")
	}
	if except := cmp.Or(getenv("NO_PROXY"), getenv("no_proxy")); except != "" {
		f.Detail = append(f.Detail, "not for "+Text(except, 200))
	}
	return f
}

// trustSet is a file of authorities.
func trustSet(name, path string) account.Finding {
	f := account.Finding{Check: account.Check{Name: account.TrustedFiles, State: account.Holds}, Subject: name, Needed: true}
	file, err := readAuthority(path)
	var names []string
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			names = append(names, Text(cmp.Or(c.Subject.CommonName, c.Subject.String()), 60))
		}
	}
	const named = 3
	switch {
	case err != nil || len(names) == 0:
		f.State, f.Problem = account.Missing, &account.Problem{Kind: account.TrustFile, Code: name, Subject: Text(path, 300), Err: err}
	case len(names) <= named:
		f.Detail = []string{Text(path, 300), "trusts " + strings.Join(names, ", ")}
	default:
		f.Detail = []string{Text(path, 300), fmt.Sprintf("trusts %d authorities", len(names))}
	}
	return f
}
