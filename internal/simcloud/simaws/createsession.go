package simaws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// sessionIn is what CreateSession is asked for. The ARNs may stand in the body or
// in the query.
// Source: docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html.
type sessionIn struct {
	Seconds *int   `json:"durationSeconds"`
	Profile string `json:"profileArn"`
	Role    string `json:"roleArn"`
	Anchor  string `json:"trustAnchorArn"`
	Name    string `json:"roleSessionName"`
}

func (k *call) sessionIn() (sessionIn, *failure) {
	var in sessionIn
	if len(k.body) > 0 {
		if f := k.decode(&in); f != nil {
			return in, f
		}
	}
	q := k.r.URL.Query()
	for name, into := range map[string]*string{"profileArn": &in.Profile, "roleArn": &in.Role, "trustAnchorArn": &in.Anchor, "roleSessionName": &in.Name} {
		if q.Has(name) {
			*into = q.Get(name)
		}
		if *into == "" && name != "roleSessionName" {
			return in, missing(name)
		}
	}
	if s := in.Seconds; s != nil && *s < 900 {
		return in, violation(itoa(*s), "durationSeconds", "have value greater than or equal to 900")
	} else if s != nil && *s > 43200 {
		return in, violation(itoa(*s), "durationSeconds", "have value less than or equal to 43200")
	}
	return in, nil
}

// The refusals of CreateSession, as they are seen in public reports.
const (
	invalidSignature = "Invalid signature"
	insufficient     = "Untrusted certificate. Insufficient certificate"
	untrusted        = "Untrusted signing certificate"
	unable           = "Unable to assume role for %s"
	unmapped         = unable + ". Some attributes failed to be mapped into session tags. Issuer: [ %s ]; Subject: [ %s ]; SAN: [ %s ]"
)

// createSession gives credentials out for a certificate.
func (k *call) createSession() (int, any, *failure) {
	leaf, chain, f := k.signedByCertificate()
	if f != nil {
		return 0, nil, f
	}
	in, f := k.sessionIn()
	if f != nil {
		return 0, nil, f
	}
	account, n, p, f := k.ends(in)
	if f != nil {
		return 0, nil, f
	}
	if f := k.trusted(leaf, chain, n); f != nil {
		return 0, nil, f
	}
	switch {
	case !n.enabled:
		return 0, nil, denied("Trust anchor is disabled")
	case !p.enabled:
		return 0, nil, denied("Profile is disabled")
	case in.Name != "" && !p.acceptName:
		return 0, nil, denied("Profile does not accept a role session name")
	}
	return k.open(account, leaf, in, n, p)
}

// signedByCertificate verifies the X.509 form of Signature Version 4.
// Source: docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html.
func (k *call) signedByCertificate() (leaf *x509.Certificate, chain *x509.CertPool, f *failure) {
	header := k.r.Header.Get("Authorization")
	if header == "" {
		return nil, nil, refuse(http.StatusForbidden, "MissingAuthenticationToken", "Missing Authentication Token")
	}
	a, f := parseAuthorization(header)
	if f != nil {
		return nil, nil, f
	}
	if leaf, chain, f = k.certificates(); f != nil {
		return nil, nil, f
	}
	_, hasChain := k.r.Header["X-Amz-X509-Chain"]
	date, undated := k.dated(a)
	switch {
	case a.algorithm == algHMAC, a.service != "rolesanywhere", a.region != k.site.region, undated != nil,
		!a.signs("host"), !a.signs("x-amz-x509"), k.r.Header.Get("X-Amz-Date") != "" && !a.signs("x-amz-date"), hasChain && !a.signs("x-amz-x509-chain"),
		a.credential != leaf.SerialNumber.String():
		return nil, nil, denied(invalidSignature)
	}
	sig, err := hex.DecodeString(a.signature)
	if err != nil || !verifies(leaf.PublicKey, a.algorithm, k.stringToSign(a, date), sig) {
		return nil, nil, denied(invalidSignature)
	}
	return leaf, chain, nil
}

// certificates reads the leaf and at most five certificates between it and the
// anchor.
func (k *call) certificates() (*x509.Certificate, *x509.CertPool, *failure) {
	read := func(s string) *x509.Certificate {
		der, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return nil
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil
		}
		return c
	}
	leaf, pool := read(k.r.Header.Get("X-Amz-X509")), x509.NewCertPool()
	if leaf == nil {
		return nil, nil, denied(insufficient)
	}
	if chain := k.r.Header.Get("X-Amz-X509-Chain"); chain != "" {
		parts := strings.Split(chain, ",")
		if len(parts) > 5 {
			return nil, nil, invalid("The certificate chain has more than 5 certificates")
		}
		for _, part := range parts {
			c := read(part)
			if c == nil {
				return nil, nil, denied(untrusted)
			}
			pool.AddCert(c)
		}
	}
	return leaf, pool, nil
}

func verifies(key crypto.PublicKey, algorithm, toSign string, sig []byte) bool {
	sum := sha256.Sum256([]byte(toSign))
	switch key := key.(type) {
	case *rsa.PublicKey:
		return algorithm == algRSA && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], sig) == nil
	case *ecdsa.PublicKey:
		return algorithm == algECDSA && ecdsa.VerifyASN1(key, sum[:], sig)
	}
	return false
}

// ends are the account, the anchor and the profile that the ARNs name; all must
// be of this region and of one account.
func (k *call) ends(in sessionIn) (*Account, *anchor, *profile, *failure) {
	parts := strings.SplitN(in.Anchor, ":", 6)
	var account *Account
	if len(parts) == 6 {
		account = k.c.account(parts[4])
	}
	if account == nil || account.partition != k.site.partition {
		return nil, nil, nil, notFound("Trust anchor", in.Anchor)
	}
	r := account.in(k.site.region)
	n := find(r.anchors, func(n *anchor) bool { return n.arn == in.Anchor })
	if n == nil {
		return nil, nil, nil, notFound("Trust anchor", in.Anchor)
	}
	p := find(r.profiles, func(p *profile) bool { return p.arn == in.Profile })
	if p == nil {
		return nil, nil, nil, notFound("Profile", in.Profile)
	}
	return account, n, p, nil
}

// trusted holds the leaf against the rules for it and against the anchor.
func (k *call) trusted(leaf *x509.Certificate, chain *x509.CertPool, n *anchor) *failure {
	switch {
	case leaf.Version != 3, !leaf.BasicConstraintsValid, leaf.IsCA, leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0,
		!sound(leaf.SignatureAlgorithm), len(leaf.Subject.Names) == 0:
		return denied(insufficient)
	case k.now.Before(leaf.NotBefore), k.now.After(leaf.NotAfter):
		return denied(insufficient)
	}
	roots := x509.NewCertPool()
	for _, c := range n.certificates {
		roots.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: chain, CurrentTime: k.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return denied(untrusted)
	}
	return nil
}

// open opens the session.
func (k *call) open(account *Account, leaf *x509.Certificate, in sessionIn, n *anchor, p *profile) (int, any, *failure) {
	tags, f := mapped(leaf, in.Role)
	if f != nil {
		return 0, nil, f
	}
	role := find(account.roles, func(r *role) bool { return r.arn() == in.Role })
	if role == nil || k.now.Before(role.usable) || !slices.Contains(p.roles, in.Role) {
		return 0, nil, denied(unable, in.Role)
	}
	serial := fmt.Sprintf("%x", leaf.SerialNumber.Bytes())
	session, source := serial, "ID="+serial
	if in.Name != "" {
		session = in.Name
	}
	if cn := leaf.Subject.CommonName; cn != "" {
		source = "CN=" + cn
	}
	if len(source) > 64 || !k.taken(account, role, n, tags, session, source) {
		return 0, nil, denied(unable, in.Role)
	}
	seconds := p.seconds
	if in.Seconds != nil {
		seconds = min(seconds, *in.Seconds)
	}
	if seconds > role.maxSession {
		return 0, nil, invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	limits, limited, f := sessionPolicies(account.partition, p.managed, p.policy)
	if f != nil {
		return 0, nil, denied(unable, in.Role)
	}
	who := &principal{account: account, role: role, limits: limits, limited: limited, sourceIdentity: source, tags: tags, issued: k.now}
	for key := range tags {
		if !k.c.keptTags {
			who.transitive = append(who.transitive, key)
		}
	}
	slices.Sort(who.transitive)
	s := k.c.session(who, session, k.now, seconds)
	last := &k.c.sessions[len(k.c.sessions)-1]
	last.Anchor, last.Profile, last.Serial = n.arn, p.arn, leaf.SerialNumber.String()
	return http.StatusCreated, map[string]any{
		"credentialSet": []any{map[string]any{
			"assumedRoleUser":  map[string]string{"arn": who.arn, "assumedRoleId": who.userID},
			"credentials":      map[string]string{"accessKeyId": s.id, "secretAccessKey": s.secret, "sessionToken": s.token, "expiration": stamp(s.expires)},
			"packedPolicySize": packed(limits), "roleArn": in.Role, "sourceIdentity": source,
		}},
		"subjectArn": anywhereARN(account, k.site.region, "subject", subjectID(leaf)),
	}, nil
}

// subjectID follows from the subject, as one subject has many certificates.
func subjectID(leaf *x509.Certificate) string {
	sum := sha256.Sum256(leaf.RawSubject)
	s := hex.EncodeToString(sum[:16])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// taken tells whether the role's trust policy lets the service take the role, set
// the source identity and tag the session: all three, or the role is not taken.
// Source: docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html.
func (k *call) taken(account *Account, role *role, n *anchor, tags map[string]string, session, source string) bool {
	context := map[string]string{
		"aws:SourceArn": n.arn, "aws:SourceAccount": account.spec.Number, "sts:SourceIdentity": source, "sts:RoleSessionName": session,
		"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": "rolesanywhere.amazonaws.com",
	}
	for key, v := range tags {
		context["aws:PrincipalTag/"+key], context["aws:RequestTag/"+key] = v, v
	}
	for _, action := range []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"} {
		if !role.trustsService("rolesanywhere.amazonaws.com", action, with(nil, context)) {
			return false
		}
		q := question{action, role.arn(), with(nil, context)}
		if account.spec.Organization == Member && ask(account.denies, q, false).denied {
			return false
		}
	}
	return true
}

// attributes are the short names of what stands in a distinguished name.
var attributes = map[string]string{
	"2.5.4.3": "CN", "2.5.4.5": "SERIALNUMBER", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "STREET",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "T", "0.9.2342.19200300.100.1.25": "DC", "0.9.2342.19200300.100.1.1": "UID",
}

var tagForm = pattern(`^[A-Za-z0-9 _.:/=+@-]{0,256}$`)

// mapped are the session tags that a certificate gives; what does not fit into a
// tag fails all of it.
func mapped(leaf *x509.Certificate, role string) (map[string]string, *failure) {
	tags, bad := map[string]string{}, map[string][]string{}
	put := func(field, name, value string) {
		if !tagForm().MatchString(value) {
			bad[field] = append(bad[field], name)
		}
		key := "x509" + field + "/" + name
		if have, ok := tags[key]; ok {
			value = have + "/" + value
		}
		tags[key] = value
	}
	for _, at := range leaf.Subject.Names {
		if name, ok := attributes[at.Type.String()]; ok {
			put("Subject", name, fmt.Sprint(at.Value))
		}
	}
	for _, at := range leaf.Issuer.Names {
		if name, ok := attributes[at.Type.String()]; ok {
			put("Issuer", name, fmt.Sprint(at.Value))
		}
	}
	// Only the first of a kind is mapped of the alternative names.
	if len(leaf.DNSNames) > 0 {
		put("SAN", "DNS", leaf.DNSNames[0])
	}
	if len(leaf.URIs) > 0 {
		put("SAN", "URI", leaf.URIs[0].String())
	}
	if len(bad) > 0 {
		return nil, denied(unmapped, role, strings.Join(bad["Issuer"], ", "), strings.Join(bad["Subject"], ", "), strings.Join(bad["SAN"], ", "))
	}
	return tags, nil
}
