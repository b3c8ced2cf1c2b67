package simcloud

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// keyCredential is one as it is written.
// Source: learn.microsoft.com/graph/api/resources/keycredential and
// learn.microsoft.com/graph/applications-how-to-add-certificate.
type keyCredential struct {
	KeyID         string
	Type, Usage   string
	Key           *string
	DisplayName   *string
	StartDateTime *time.Time
	EndDateTime   *time.Time
}

// replaceKeys is the whole new list: what is echoed with its keyId and without
// a key stays, everything else that was there is gone. c.mu is held.
func (g *call) replaceKeys(had []certificate, b body) ([]certificate, *graphError) {
	var all []keyCredential
	if e := b.into("keyCredentials", &all); e != nil {
		return nil, e
	}
	var list []certificate
	for _, k := range all {
		c, e := g.keyOf(had, k)
		if e != nil {
			return nil, e
		}
		if slices.ContainsFunc(list, func(x certificate) bool { return strings.EqualFold(x.keyID, c.keyID) }) {
			return nil, badRequestBody("Key credentials with the same keyId '%s' are present.", c.keyID)
		}
		list = append(list, c)
	}
	return list, nil
}

// keyOf is an old key that is echoed, or a new one. An old one that is over
// spoils the whole list.
func (g *call) keyOf(had []certificate, k keyCredential) (certificate, *graphError) {
	if e := k.check(); e != nil {
		return certificate{}, e
	}
	i := slices.IndexFunc(had, func(c certificate) bool { return k.KeyID != "" && strings.EqualFold(c.keyID, k.KeyID) })
	if i < 0 {
		return g.newKey(k)
	}
	old := had[i]
	if k.Key != nil {
		if sent, ok := decodeBinary(*k.Key); !ok || string(sent) != string(old.der) {
			return certificate{}, badRequestBody("Update to existing credential with KeyId '%s' is not allowed.", k.KeyID)
		}
	}
	if !old.end.After(g.now) {
		return certificate{}, invalidEnd()
	}
	return old, nil
}

func invalidEnd() *graphError {
	return problem(400, "KeyCredentialsInvalidEndDate", "Key credential end date is invalid.")
}

func (k keyCredential) check() *graphError {
	if k.Type != "AsymmetricX509Cert" {
		return badRequestBody("The value for the property \"type\" in one of your credentials is invalid. Acceptable values are AsymmetricX509Cert, X509CertAndPassword.")
	}
	if k.Usage != "Verify" { // Sign wants a private key, and is not for an application's own
		return badRequestBody("The value for the property \"usage\" in one of your credentials is invalid. Acceptable values are Sign, Verify.")
	}
	return nil
}

// newKey takes a public certificate, within its own dates and the tenant's
// policy. Without dates it lives as long as the certificate; how-to pages say a
// year, which fits only those that live longer. The thumbprint is the
// certificate's, whatever the caller calls it. The same certificate can be
// there twice, under two ids: nothing published says that it cannot.
func (g *call) newKey(k keyCredential) (certificate, *graphError) {
	if k.Key == nil {
		return certificate{}, badRequestBody("The value for the property \"key\" in one of your credentials is missing.")
	}
	der, ok := decodeBinary(*k.Key)
	c, err := readCertificate(der)
	if !ok || err != nil {
		return certificate{}, badRequestBody("The value for the property \"key\" in one of your credentials is invalid.")
	}
	if k.StartDateTime != nil {
		if k.StartDateTime.Before(c.start) || !k.StartDateTime.Before(c.end) {
			return certificate{}, problem(400, "KeyCredentialsInvalidStartDate", "Key credential start date is invalid.")
		}
		c.start = k.StartDateTime.UTC()
	}
	if k.EndDateTime != nil {
		if k.EndDateTime.After(c.end) || !k.EndDateTime.After(c.start) {
			return certificate{}, invalidEnd()
		}
		c.end = k.EndDateTime.UTC()
	}
	var p *PortalError
	if err := g.t.allows(c, g.now); errors.As(err, &p) {
		return certificate{}, problem(400, p.Code, p.Message)
	}
	if k.DisplayName != nil && *k.DisplayName != "" {
		c.name = *k.DisplayName
	}
	if c.keyID = strings.ToLower(k.KeyID); c.keyID == "" {
		c.keyID = g.t.newID()
	}
	return c, nil
}

// readKey reads one keyCredential that was checked.
func readKey(raw json.RawMessage) (keyCredential, *graphError) {
	var k keyCredential
	if json.Unmarshal(raw, &k) != nil {
		return k, notOfType("keyCredential", "graph.keyCredential")
	}
	return k, nil
}
