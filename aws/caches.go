package aws

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/axiomio/xops-onboard/account"
)

// This file reads what `aws sso login` and `aws login` leave, by the rules of the
// SDK's ssocreds and logincreds, which the tests compare it with; those two would
// add 0.4 MB to the program for the renewing and writing that is not done here.
// What a session is renewed with is not read. A file that is missing, of another
// form or over is a sign-in that is over.

// ssoCache is where `aws sso login` leaves the token of an sso_session, or of a
// start URL where there is none; "" where no home directory is known.
// Source: docs.aws.amazon.com/sdkref/latest/guide/understanding-sso.html.
func (a *AWS) ssoCache(key string) string {
	home := a.home()
	if home == "" {
		return ""
	}
	sum := sha1.Sum([]byte(key))
	return filepath.Join(home, ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json")
}

// loginCache is where `aws login` leaves a session; "" as of ssoCache.
// Source: docs.aws.amazon.com/sdkref/latest/guide/feature-login-credentials.html.
func (a *AWS) loginCache(session string) string {
	dir, home := a.env("AWS_LOGIN_CACHE_DIRECTORY"), a.home()
	switch {
	case dir != "":
	case home == "":
		return ""
	default:
		dir = filepath.Join(home, ".aws", "login", "cache")
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(session)))
	return filepath.Join(dir, hex.EncodeToString(sum[:])+".json")
}

// ssoToken reads the token that `aws sso login` left.
func (a *AWS) ssoToken(path string) (string, error) {
	text, _ := readFile(path)
	var got map[string]any // not a struct, whose names would match in any case of letters
	if json.Unmarshal([]byte(text), &got) != nil {
		return "", errOver()
	}
	token, _ := got["accessToken"].(string)
	until, _ := got["expiresAt"].(string)
	end, err := time.Parse(time.RFC3339, until)
	if err != nil || token == "" || a.now().After(end) {
		return "", errOver()
	}
	return token, nil
}

// loginKeys reads the credentials that `aws login` left.
func (a *AWS) loginKeys(path string) (sdk.Credentials, error) {
	text, _ := readFile(path)
	var got struct {
		Access *struct {
			ID      string    `json:"accessKeyId"`
			Secret  string    `json:"secretAccessKey"`
			Token   string    `json:"sessionToken"`
			Expires time.Time `json:"expiresAt"`
		} `json:"accessToken"`
	}
	if json.Unmarshal([]byte(text), &got) != nil || got.Access == nil {
		return sdk.Credentials{}, errOver()
	}
	k := got.Access
	if k.ID == "" || k.Secret == "" || k.Token == "" || !a.now().Before(k.Expires) {
		return sdk.Credentials{}, errOver()
	}
	return sdk.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret, SessionToken: k.Token, CanExpire: true, Expires: k.Expires}, nil
}

func errOver() error { return &account.Problem{Kind: account.AWSSignInOver} }
