package simaws

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// anchor is a trust anchor of IAM Roles Anywhere.
type anchor struct {
	id, arn, name    string
	enabled          bool
	pem              string
	certificates     []*x509.Certificate
	created, updated time.Time
	tags             []label
}

// detail is the anchor as the service tells of it.
func (a *anchor) detail() map[string]any {
	return map[string]any{
		"trustAnchorId": a.id, "trustAnchorArn": a.arn, "name": a.name, "enabled": a.enabled,
		"source":    map[string]any{"sourceType": "CERTIFICATE_BUNDLE", "sourceData": map[string]string{"x509CertificateData": a.pem}},
		"createdAt": stamp(a.created), "updatedAt": stamp(a.updated),
		"notificationSettings": []map[string]any{
			{"enabled": true, "event": "CA_CERTIFICATE_EXPIRY", "threshold": 45, "channel": "ALL", "configuredBy": "rolesanywhere.amazonaws.com"},
			{"enabled": true, "event": "END_ENTITY_CERTIFICATE_EXPIRY", "threshold": 45, "channel": "ALL", "configuredBy": "rolesanywhere.amazonaws.com"},
		},
	}
}

// The quotas of IAM Roles Anywhere in one region.
// Source: docs.aws.amazon.com/rolesanywhere/latest/userguide/quotas.html.
const (
	maxAnchors      = 50
	maxProfiles     = 250
	maxCertificates = 2
	maxRoles        = 250
	maxPEM          = 8000
)

var anchorNameForm = pattern(`^[ a-zA-Z0-9_-]{1,255}$`)

// anchorIn is what a trust anchor is made of or changed to.
type anchorIn struct {
	Name    *string     `json:"name"`
	Source  *sourceIn   `json:"source"`
	Enabled bool        `json:"enabled"`
	Tags    []label     `json:"tags"`
	Notify  []notifying `json:"notificationSettings"`
}

type notifying struct {
	Event string `json:"event"`
}

type sourceIn struct {
	Type string `json:"sourceType"`
	Data struct {
		PEM string `json:"x509CertificateData"`
		ACM string `json:"acmPcaArn"`
	} `json:"sourceData"`
}

func checkName(name *string) *failure {
	if name != nil && !anchorNameForm().MatchString(*name) {
		return violation(*name, "name", "satisfy regular expression pattern: [ a-zA-Z0-9-_]*")
	}
	return nil
}

// bundle reads the certificates of an anchor, each of which must be an
// authority's.
// Source: docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html.
func (s *sourceIn) bundle() ([]*x509.Certificate, *failure) {
	switch {
	case s.Type == "AWS_ACM_PCA" || s.Type == "SELF_SIGNED_REPOSITORY":
		return nil, notPlayed("trust anchors of type %s", s.Type)
	case s.Type != "CERTIFICATE_BUNDLE":
		return nil, violation(s.Type, "source.sourceType", "satisfy enum value set: [AWS_ACM_PCA, CERTIFICATE_BUNDLE, SELF_SIGNED_REPOSITORY]")
	case s.Data.PEM == "":
		return nil, missing("source.sourceData.x509CertificateData")
	case utf8.RuneCountInString(s.Data.PEM) > maxPEM:
		return nil, violation(s.Data.PEM[:20]+"...", "source.sourceData.x509CertificateData", "have length less than or equal to 8000")
	}
	var all []*x509.Certificate
	rest := []byte(s.Data.PEM)
	for strings.TrimSpace(string(rest)) != "" {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil || block.Type != "CERTIFICATE" {
			return nil, invalid("Invalid certificate data")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, invalid("Invalid certificate data")
		}
		all = append(all, c)
	}
	if len(all) > maxCertificates {
		return nil, invalid("The certificate bundle has more than %d certificates", maxCertificates)
	}
	for _, c := range all {
		switch {
		case c.Version != 3 || !c.BasicConstraintsValid || !c.IsCA:
			return nil, invalid("Incorrect basic constraints for CA certificate")
		case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
			return nil, invalid("Incorrect key usage for CA certificate")
		case !sound(c.SignatureAlgorithm):
			return nil, invalid("Incorrect signature algorithm for CA certificate")
		}
	}
	return all, nil
}

// sound are the signature algorithms of certificates that are accepted: SHA-256
// or better.
func sound(a x509.SignatureAlgorithm) bool {
	return slices.Contains([]x509.SignatureAlgorithm{
		x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512,
	}, a)
}

func anywhereARN(a *Account, region, kind, id string) string {
	return a.arn("rolesanywhere", region, kind+"/"+id)
}

// tagged asks whether the actor may put tags on.
func (by actor) tagged(a *Account, tags []label, kind string) *failure {
	if len(tags) == 0 {
		return nil
	}
	arn := anywhereARN(a, by.region, kind, "*")
	return by.may("rolesanywhere:TagResource", arn, arn, nil)
}

// createAnchor makes a trust anchor. The first of an account brings the
// service-linked role with it.
func (a *Account) createAnchor(by actor, in anchorIn) (*anchor, *failure) {
	arn := anywhereARN(a, by.region, "trust-anchor", "*")
	if f := by.may("rolesanywhere:CreateTrustAnchor", arn, arn, nil); f != nil {
		return nil, f
	}
	if f := by.tagged(a, in.Tags, "trust-anchor"); f != nil {
		return nil, f
	}
	switch {
	case in.Name == nil:
		return nil, missing("name")
	case in.Source == nil:
		return nil, missing("source")
	case len(in.Notify) > 0:
		return nil, notPlayed("notification settings")
	}
	if f := checkName(in.Name); f != nil {
		return nil, f
	}
	certs, f := in.Source.bundle()
	if f != nil {
		return nil, f
	}
	r := a.in(by.region)
	if len(r.anchors) >= maxAnchors {
		return nil, invalid("Trust anchor limit exceeded")
	}
	if f := a.linkService(by); f != nil {
		return nil, f
	}
	n := &anchor{id: uuid(), name: *in.Name, enabled: in.Enabled, pem: in.Source.Data.PEM, certificates: certs, created: by.at, updated: by.at, tags: in.Tags}
	n.arn = anywhereARN(a, by.region, "trust-anchor", n.id)
	r.anchors = append(r.anchors, n)
	by.note(a, "rolesanywhere:CreateTrustAnchor", n.arn)
	return n, nil
}

const serviceLinked = "AWSServiceRoleForRolesAnywhere"

// linkService makes the service-linked role if it is not there.
func (a *Account) linkService(by actor) *failure {
	if a.linked {
		return nil
	}
	arn := a.arn("iam", "", "role/aws-service-role/rolesanywhere.amazonaws.com/"+serviceLinked)
	if f := by.may("iam:CreateServiceLinkedRole", arn, arn, map[string]string{"iam:AWSServiceName": "rolesanywhere.amazonaws.com"}); f != nil {
		return f
	}
	a.linked = true
	by.note(a, "iam:CreateServiceLinkedRole", arn)
	return nil
}

func notFound(kind, id string) *failure {
	return refuse(http.StatusNotFound, "ResourceNotFoundException", "%s with id %s not found", kind, id)
}

// anchorOf is an anchor that an actor is about to do something with.
func (a *Account) anchorOf(by actor, action, id string) (*anchor, *failure) {
	arn := anywhereARN(a, by.region, "trust-anchor", id)
	if f := by.may("rolesanywhere:"+action, arn, arn, nil); f != nil {
		return nil, f
	}
	if n := find(a.in(by.region).anchors, func(n *anchor) bool { return n.id == id }); n != nil {
		return n, nil
	}
	return nil, notFound("Trust anchor", id)
}

func (a *Account) updateAnchor(by actor, id string, in anchorIn) (*anchor, *failure) {
	n, f := a.anchorOf(by, "UpdateTrustAnchor", id)
	if f != nil {
		return nil, f
	}
	if f := checkName(in.Name); f != nil {
		return nil, f
	}
	if in.Source != nil {
		certs, f := in.Source.bundle()
		if f != nil {
			return nil, f
		}
		n.pem, n.certificates = in.Source.Data.PEM, certs
	}
	if in.Name != nil {
		n.name = *in.Name
	}
	n.updated = by.at
	by.note(a, "rolesanywhere:UpdateTrustAnchor", n.arn)
	return n, nil
}

func (a *Account) switchAnchor(by actor, id string, on bool) (*anchor, *failure) {
	action := "DisableTrustAnchor"
	if on {
		action = "EnableTrustAnchor"
	}
	n, f := a.anchorOf(by, action, id)
	if f != nil {
		return nil, f
	}
	n.enabled, n.updated = on, by.at
	by.note(a, "rolesanywhere:"+action, n.arn)
	return n, nil
}

func (a *Account) deleteAnchor(by actor, id string) (*anchor, *failure) {
	n, f := a.anchorOf(by, "DeleteTrustAnchor", id)
	if f != nil {
		return nil, f
	}
	r := a.in(by.region)
	r.anchors = slices.DeleteFunc(r.anchors, func(o *anchor) bool { return o == n })
	by.note(a, "rolesanywhere:DeleteTrustAnchor", n.arn)
	return n, nil
}
