package simaws

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// canonical is the canonical request.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
func (k *call) canonical(signed []string) string {
	var headers strings.Builder
	for _, name := range signed {
		headers.WriteString(strings.ToLower(name) + ":" + k.headerOf(name) + "\n")
	}
	return strings.Join([]string{
		k.r.Method, canonicalPath(k.r.URL), canonicalQuery(k.r.URL.Query()),
		headers.String(), strings.ToLower(strings.Join(signed, ";")), digest(k.body),
	}, "\n")
}

// headerOf is the value of a header as it is signed: without blanks around it,
// runs of blanks as one, several values with commas between them.
func (k *call) headerOf(name string) string {
	switch strings.ToLower(name) {
	case "host":
		return k.r.Host
	case "content-length":
		return strconv.Itoa(len(k.body))
	}
	var values []string
	for _, v := range k.r.Header.Values(name) {
		values = append(values, strings.Join(strings.Fields(v), " "))
	}
	return strings.Join(values, ",")
}

// canonicalPath is the path encoded once more, as every service but S3 wants it.
func canonicalPath(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		return "/"
	}
	return encode(path, "/")
}

func canonicalQuery(q url.Values) string {
	var pairs []string
	for name, values := range q {
		for _, v := range values {
			pairs = append(pairs, encode(name, "")+"="+encode(v, ""))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// encode is the URI encoding of RFC 3986, which leaves letters, digits and
// "-._~" alone, and also what is in keep.
func encode(s, keep string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~"+keep, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	return b.String()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// stringToSign is what is signed in the end.
func (k *call) stringToSign(a authorization, date string) string {
	return strings.Join([]string{a.algorithm, date, a.scope(), digest([]byte(k.canonical(a.signed)))}, "\n")
}

// signature is the signature with a secret key.
func signature(secret string, a authorization, toSign string) string {
	key := []byte("AWS4" + secret)
	for _, part := range []string{a.date, a.region, a.service, "aws4_request", toSign} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

func unknownToken() *failure {
	return refuse(http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
}

// authenticate finds out who signed the request.
func (k *call) authenticate() *failure {
	header := k.r.Header.Get("Authorization")
	if header == "" {
		return refuse(http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
	}
	a, f := parseAuthorization(header)
	if f != nil {
		return f
	}
	if a.algorithm != algHMAC {
		return incomplete("Unsupported AWS 'algorithm': '%s'.", a.algorithm)
	}
	cred, ok := k.c.keys[a.credential]
	if !ok || !cred.usable() || !cred.who.account.enabled(k.site.region) {
		return unknownToken()
	}
	if cred.token != k.r.Header.Get("X-Amz-Security-Token") {
		return unknownToken()
	}
	if f := k.scoped(a); f != nil {
		return f
	}
	date, f := k.dated(a)
	if f != nil {
		return f
	}
	if !hmac.Equal([]byte(signature(cred.secret, a, k.stringToSign(a, date))), []byte(a.signature)) {
		return mismatch("The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	if !cred.expires.IsZero() && !k.now.Before(cred.expires) {
		return refuse(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
	}
	k.who = cred.who
	return nil
}

// scoped holds the scope of a signature, and what is signed, against the host.
func (k *call) scoped(a authorization) *failure {
	if a.region != k.site.region {
		return mismatch("Credential should be scoped to a valid region, not '%s'. ", a.region)
	}
	if a.service != string(k.site.service) {
		return mismatch("Credential should be scoped to correct service: '%s'. ", k.site.service)
	}
	if !a.signs("host") {
		return mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
	}
	if k.r.Header.Get("X-Amz-Date") != "" && !a.signs("x-amz-date") {
		return mismatch("'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.")
	}
	return nil
}
