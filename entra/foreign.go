package entra

import (
	"crypto/sha1" //nolint:gosec // a thumbprint, as the portal shows it
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// ourSubject is how the subject of every certificate begins that this program makes.
const ourSubject = "Xops 360"

// mostDetails is how many foreign things are named one by one.
const mostDetails = 20

// foreign names whatever on the app is not ours: each of it is a way to act as
// the app, or a right that nobody asked for. A second certificate of this
// program's making is another installation's, and no alarm.
func (f findings) foreign(ours account.Certificate, now time.Time) (c account.Check) {
	defer func() {
		c.Evidence = evidence(f.application.evidence, f.principal.evidence, f.owners.evidence,
			f.principalOwners.evidence, f.federated.evidence, f.grants.evidence, f.roles.evidence)
	}()
	others, twins := f.foreignKeys(ours, now)
	for _, found := range [][]string{f.foreignSecrets(now), f.foreignTrust(), f.foreignOwners(), f.foreignRights()} {
		others = append(others, found...)
	}
	switch unread := f.unread(); {
	case len(others) > 0:
		return account.Check{State: account.Warning, Problem: &account.Problem{Kind: account.ForeignFound}, Detail: capped(append(others, twins...))}
	case unread != nil:
		c = undecided(unread)
		c.Detail = capped(twins)
		return c
	case len(twins) > 0:
		return account.Check{State: account.Warning, Problem: &account.Problem{Kind: account.AnotherInstallation}, Detail: capped(twins)}
	}
	return holds()
}

func capped(lines []string) []string {
	if len(lines) <= mostDetails {
		return lines
	}
	return append(lines[:mostDetails:mostDetails], fmt.Sprintf("and %d more", len(lines)-mostDetails))
}

// unread is why a part could not be looked at; nil when all was.
func (f findings) unread() *account.Problem {
	for _, err := range []error{
		f.application.err, f.principal.err, f.owners.err, f.principalOwners.err, f.federated.err, f.grants.err, f.graph.err, f.roles.err,
	} {
		if err != nil {
			return problemOf(err)
		}
	}
	if f.owners.more || f.principalOwners.more || f.federated.more || f.grants.more || f.roles.more {
		return &account.Problem{Kind: account.Unexpected, Message: "a list is too long to be read to its end"}
	}
	return nil
}

func (f findings) foreignKeys(ours account.Certificate, now time.Time) (others, twins []string) {
	mine := ourKey(f.application.value.Keys, ours)
	for i, k := range f.application.value.Keys {
		switch line := k.line("certificate", now); {
		case i == mine:
		case strings.HasPrefix(strings.TrimPrefix(k.DisplayName, "CN="), ourSubject):
			twins = append(twins, line)
		default:
			others = append(others, line)
		}
	}
	for _, k := range f.principal.value.Keys {
		others = append(others, k.line("certificate of the enterprise app", now))
	}
	return others, twins
}

// ourKey is the place of our certificate among the keys, -1 when it is not
// there to be seen. The service tells a certificate by its SHA-1 in hex, but
// takes other identifiers from whoever uploads it; where none fits, the key
// with our certificate's own end is ours, if there is one such. Where no
// certificate was made yet, none is ours.
func ourKey(keys []keyCredential, c account.Certificate) int {
	if !c.Made() {
		return -1
	}
	byEnd, same := -1, 0
	for i, k := range keys {
		if k.is(c) {
			return i
		}
		if d := k.End.Sub(c.NotAfter); d.Abs() <= 2*time.Second {
			byEnd = i
			same++
		}
	}
	if same == 1 {
		return byEnd
	}
	return -1
}

func (k keyCredential) is(c account.Certificate) bool {
	return account.AppKey{Thumbprint: k.thumbprint()}.Is(c)
}

// thumbprint is the SHA-1 of the certificate in hex, where that was told; else
// the identifier in hex, in whichever of its forms it came: hex, base64 of the
// bytes, base64 of the hex.
// Source: learn.microsoft.com/graph/api/resources/keycredential.
func (k keyCredential) thumbprint() string {
	if der, err := base64.StdEncoding.DecodeString(k.Key); err == nil && len(der) > 0 {
		sum := sha1.Sum(der) //nolint:gosec // a thumbprint
		return strings.ToUpper(hex.EncodeToString(sum[:]))
	}
	if isHex(k.Identifier) {
		return strings.ToUpper(k.Identifier)
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		b, err := e.DecodeString(k.Identifier)
		switch {
		case err != nil:
		case isHex(string(b)):
			return strings.ToUpper(string(b))
		case len(b) == sha1.Size || len(b) == sha256.Size:
			return strings.ToUpper(hex.EncodeToString(b))
		}
	}
	return ""
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && (len(s) == 2*sha1.Size || len(s) == 2*sha256.Size)
}

func (k keyCredential) line(what string, now time.Time) string {
	id := k.thumbprint()
	if id == "" {
		id = k.KeyID
	}
	return line(what, k.DisplayName, id, until(k.End, now))
}

func (f findings) foreignSecrets(now time.Time) (found []string) {
	for _, p := range f.application.value.Passwords {
		found = append(found, line("client secret", p.DisplayName, p.KeyID, until(p.End, now)))
	}
	for _, p := range f.principal.value.Passwords {
		found = append(found, line("client secret of the enterprise app", p.DisplayName, p.KeyID, until(p.End, now)))
	}
	return found
}

func (f findings) foreignTrust() (found []string) {
	for _, c := range f.federated.value {
		found = append(found, line("federated credential", c.Name, c.Issuer, c.Subject))
	}
	return found
}

func (f findings) foreignOwners() (found []string) {
	for _, o := range f.owners.value {
		found = append(found, line("owner", o.DisplayName, o.UPN, o.id()))
	}
	for _, o := range f.principalOwners.value {
		found = append(found, line("owner of the enterprise app", o.DisplayName, o.UPN, o.id()))
	}
	return found
}

// id is the owner's object id where no name tells who it is.
func (o owner) id() string {
	if o.DisplayName != "" || o.UPN != "" {
		return ""
	}
	return o.ID
}

func (f findings) foreignRights() (found []string) {
	for _, g := range f.grants.value {
		ours := strings.EqualFold(g.Role, reviewPermission) && (!f.graph.ok() || strings.EqualFold(g.Resource, f.graph.value.ID))
		if !ours {
			found = append(found, line("permission", g.ResourceName, g.Role))
		}
	}
	for _, r := range f.roles.value {
		if f.isGlobalReader(r) {
			continue
		}
		scope := ""
		if r.Scope != wholeDirectory {
			scope = "scope " + r.Scope
		}
		found = append(found, line("directory role", roleName(r.Role), r.Role, scope))
	}
	return found
}

// line names one thing: what it is, then what is known of it.
func line(what string, parts ...string) string {
	var known []string
	for _, p := range parts {
		if p = rest.Text(p, longestText); p != "" {
			known = append(known, p)
		}
	}
	return strings.TrimSpace(what + " " + strings.Join(known, ", "))
}

func until(end, now time.Time) string {
	switch {
	case end.IsZero():
		return ""
	case end.Before(now):
		return "expired " + end.UTC().Format(time.DateOnly)
	}
	return "until " + end.UTC().Format(time.DateOnly)
}
