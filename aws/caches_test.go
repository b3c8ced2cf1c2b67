package aws

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
)

// What differs from the SDK's readers: a file is read whose parts for renewing it
// (and the account of `aws login`) are missing or no text; the SDK takes it for
// over. And of a file of `aws login` that is "null" the SDK panics.

func TestCachesAreWhereTheSDKHasThem(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	env := map[string]string{"HOME": home}
	a := at(t, &desk{}, fixedClock, env)
	for _, key := range []string{"corp", "https://corp.awsapps.com/start", "", " é "} {
		if want, err := ssocreds.StandardCachedTokenFilepath(key); err != nil || a.ssoCache(key) != want {
			t.Errorf("%q: %s, not %s, %v", key, a.ssoCache(key), want, err)
		}
		for _, dir := range []string{"", filepath.Join(home, "x")} {
			env["AWS_LOGIN_CACHE_DIRECTORY"] = dir
			if want, err := logincreds.StandardCachedTokenFilepath(key, dir); err != nil || a.loginCache(key) != want {
				t.Errorf("%q: %s, not %s, %v", key, a.loginCache(key), want, err)
			}
		}
	}
	clear(env)
	if a.ssoCache("corp") != "" || a.loginCache("corp") != "" {
		t.Error("a place without a home directory")
	}
}

// tokenSeen is the access portal, to which the SDK shows a token.
type tokenSeen struct{ token string }

func (s *tokenSeen) GetRoleCredentials(_ context.Context, in *sso.GetRoleCredentialsInput, _ ...func(*sso.Options)) (*sso.GetRoleCredentialsOutput, error) {
	s.token = *in.AccessToken
	return nil, errors.New("seen")
}

const (
	ssoWhole   = `{"startUrl":"u","region":"r","accessToken":"hush","expiresAt":"2999-01-01T00:00:00Z","clientId":"c","clientSecret":"s","refreshToken":"r"}`
	loginWhole = `{"accessToken":{"accessKeyId":"A","secretAccessKey":"hush","sessionToken":"t","accountId":"111122223333","expiresAt":"2999-01-01T00:00:00Z"},` +
		`"tokenType":"aws_sigv4","refreshToken":"r","idToken":"i","clientId":"c","dpopKey":"k"}`
)

// variants are a whole file, and what it may be instead.
func variants(whole string) []string {
	all := []string{"", "null", "{}", "[]", "1", `""`, whole, whole + "\n", whole + "x", whole[:len(whole)/2], "\ufeff" + whole}
	for _, r := range [][]string{
		{"2999", "1999"},
		{"2999-01-01T00:00:00Z", "2999-01-01T02:00:00.5+02:00"},
		{"2999-01-01T00:00:00Z", "2999-01-01 00:00:00"},
		{"2999-01-01T00:00:00Z", "2999-01-01T00:00:00UTC"},
		{"2999-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
		{`"2999-01-01T00:00:00Z"`, "5"},
		{`"2999-01-01T00:00:00Z"`, "null"},
		{"expiresAt", "ExpiresAt"},
		{"expiresAt", "x"},
		{"accessToken", "AccessToken"},
		{"accessToken", "x"},
		{`"hush"`, `""`},
		{`"hush"`, "null"},
		{`"hush"`, "7"},
		{"hush", `\ud800\u00e9`},
		{`"r"`, "7"},
		{`"c"`, `""`},
		{`"111122223333"`, "null"},
		{`"t"`, `""`},
		{`"A"`, `""`},
	} {
		all = append(all, strings.ReplaceAll(whole, r[0], r[1]))
	}
	all = append(all, whole[:len(whole)-1]+`,"accessToken":null}`, whole[:len(whole)-1]+`,"accessToken":"again"}`, whole[:len(whole)-1]+`,"accessToken":{"sessionToken":"again"}}`)
	return all
}

// agreeSSO reads a token in both ways, and looks that they say the same.
func agreeSSO(t *testing.T, path, text string) (read bool) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := New(nil, time.Now, nil).ssoToken(path)
	seen := &tokenSeen{}
	_, why := ssocreds.New(seen, "", "", "", func(o *ssocreds.Options) { o.CachedTokenFilepath = path }).Retrieve(t.Context())
	renewing := slices.ContainsFunc([]string{"refreshToken", "clientId", "clientSecret"}, func(field string) bool {
		return strings.Contains(why.Error(), "field \""+field+"\"")
	})
	switch {
	case err != nil && err.Error() != errOver().Error():
		t.Errorf("%v", err)
	case err == nil && seen.token == "" && renewing:
	case got != seen.token, (err == nil) != (seen.token != ""):
		t.Errorf("%q: %q (%v), the SDK says %q (%v)", text, got, err, seen.token, why)
	}
	return err == nil
}

// noRenewal does not renew a session.
type noRenewal struct{}

func (noRenewal) CreateOAuth2Token(context.Context, *signin.CreateOAuth2TokenInput, ...func(*signin.Options)) (*signin.CreateOAuth2TokenOutput, error) {
	return nil, errors.New("over")
}

// agreeLogin does so with the session of `aws login`. The SDK is given it with the
// parts for renewing, which it wants to see.
func agreeLogin(t *testing.T, path, text string) (read bool) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := New(nil, time.Now, nil).loginKeys(path)
	if err := os.WriteFile(path, []byte(renewable(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	want, why := loginOracle(t, path)
	var form *json.UnmarshalTypeError
	renewing := errors.As(why, &form) && slices.Contains([]string{"tokenType", "refreshToken", "identityToken", "clientId", "dpopKey", "accessToken.accountId"}, form.Field)
	want.Source, want.AccountID = "", ""
	switch {
	case err != nil && err.Error() != errOver().Error():
		t.Errorf("%v", err)
	case err == nil && renewing:
	case (err == nil) != (why == nil), !got.Expires.Equal(want.Expires):
		t.Errorf("%q: %v (%v), the SDK says %v (%v)", text, got.Expires, err, want.Expires, why)
	default:
		got.Expires, want.Expires = time.Time{}, time.Time{}
		if got != want {
			t.Errorf("%q reads otherwise", text)
		}
	}
	return err == nil
}

// renewable is the text with what the SDK wants to see of a session beside.
func renewable(text string) string {
	end := strings.LastIndex(text, "}")
	if end < 0 || strings.HasSuffix(strings.TrimRight(text[:end], " \t\r\n"), "{") {
		return text
	}
	return text[:end] + `,"refreshToken":"r","clientId":"c","dpopKey":"k","accessToken":{"accountId":"1"}` + text[end:]
}

func loginOracle(t *testing.T, path string) (keys sdk.Credentials, err error) {
	defer func() {
		if recover() != nil {
			keys, err = sdk.Credentials{}, errors.New("the SDK panics")
		}
	}()
	return logincreds.New(noRenewal{}, path).Retrieve(t.Context())
}

func TestCachesReadAsTheSDK(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache.json")
	for _, c := range []struct {
		whole string
		agree func(*testing.T, string, string) bool
	}{{ssoWhole, agreeSSO}, {loginWhole, agreeLogin}} {
		read := 0
		for _, text := range variants(c.whole) {
			if c.agree(t, path, text) {
				read++
			}
		}
		if read < 3 {
			t.Errorf("%d of %s were read", read, c.whole)
		}
	}
}

func FuzzSSOToken(f *testing.F) {
	for _, text := range variants(ssoWhole) {
		f.Add(text)
	}
	path := filepath.Join(f.TempDir(), "cache.json")
	f.Fuzz(func(t *testing.T, text string) { agreeSSO(t, path, text) })
}

func FuzzLoginKeys(f *testing.F) {
	for _, text := range variants(loginWhole) {
		f.Add(text)
	}
	path := filepath.Join(f.TempDir(), "cache.json")
	f.Fuzz(func(t *testing.T, text string) { agreeLogin(t, path, text) })
}
