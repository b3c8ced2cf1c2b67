package aws

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// write puts a file into the home directory.
func (w *world) write(text string, path ...string) {
	w.t.Helper()
	name := filepath.Join(append([]string{w.env["HOME"]}, path...)...)
	w.must(os.MkdirAll(filepath.Dir(name), 0o700))
	w.must(os.WriteFile(name, []byte(text), 0o600))
}

// files is everything in the home directory.
func (w *world) files() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	w.must(filepath.WalkDir(w.env["HOME"], func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	}))
	return all
}

// ssoToken is what `aws sso login` leaves.
func (w *world) ssoToken(key, token string, expires time.Time) {
	w.t.Helper()
	sum := sha1.Sum([]byte(key))
	w.write(fmt.Sprintf(`{"startUrl":"https://corp.awsapps.com/start","region":"eu-west-1","accessToken":%q,"expiresAt":%q,"clientId":"c","clientSecret":"s","refreshToken":"r","registrationExpiresAt":"2099-01-01T00:00:00Z"}`,
		token, expires.UTC().Format(time.RFC3339)), ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json")
}

// loginToken is what `aws login` leaves.
func (w *world) loginToken(session string, k simaws.Key, expires time.Time) {
	w.t.Helper()
	sum := sha256.Sum256([]byte(session))
	w.write(fmt.Sprintf(`{"accessToken":{"accessKeyId":%q,"secretAccessKey":%q,"sessionToken":"t","accountId":"111122223333","expiresAt":%q},"tokenType":"aws_sigv4","refreshToken":"r","clientId":"c","dpopKey":"k"}`,
		k.ID, k.Secret, expires.UTC().Format(time.RFC3339)), ".aws", "login", "cache", hex.EncodeToString(sum[:])+".json")
}

func TestSignInByEveryKindOfProfile(t *testing.T) {
	for name, c := range map[string]struct {
		profile string
		who     string // what the caller's ARN ends with or holds
		asked   []string
	}{
		"environment":    {Environment, "user/kim", nil},
		"access key":     {"keys", "user/kim", nil},
		"SSO session":    {"admin", "AWSReservedSSO_AdministratorAccess", []string{"portal.sso.eu-west-1.amazonaws.com"}},
		"SSO, older":     {"old-sso", "AWSReservedSSO_AdministratorAccess", []string{"portal.sso.eu-west-1.amazonaws.com"}},
		"role":           {"build", "assumed-role/Build/", nil},
		"role after SSO": {"build-sso", "assumed-role/Build/", []string{"portal.sso.eu-west-1.amazonaws.com"}},
		"process":        {"tool", "user/kim", nil},
		"role of env":    {"build-env", "assumed-role/Build/", nil},
		"guarded role":   {"guarded", "assumed-role/Guarded/", nil},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, management(), func(w *world) {
				k := simaws.Key{ID: w.env["AWS_ACCESS_KEY_ID"], Secret: w.env["AWS_SECRET_ACCESS_KEY"]}
				w.write(strings.Replace(configuration, `"AKIA1","SecretAccessKey":"s"`, `"`+k.ID+`","SecretAccessKey":"`+k.Secret+`"`, 1)+`
[profile build-sso]
role_arn = arn:aws:iam::111122223333:role/Build
source_profile = admin
external_id = x-1
[profile build-env]
role_arn = arn:aws:iam::111122223333:role/Build
credential_source = Environment
[profile guarded]
role_arn = arn:aws:iam::111122223333:role/Guarded
source_profile = keys
external_id = x-2
`, ".aws", "config")
				w.must(w.account.CreateRole("Guarded", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x-2"}}}]}`))
				w.write("[keys]\naws_access_key_id = "+k.ID+"\naws_secret_access_key = "+k.Secret+"\n", ".aws", "credentials")
				w.must(w.account.CreateRole("Build", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`))
				token := w.cloud.SignIn(time.Hour, w.account.Assign("kim", "AdministratorAccess", true))
				w.ssoToken("corp", token, time.Now().Add(time.Hour))
				w.ssoToken("https://corp.awsapps.com/start", token, time.Now().Add(time.Hour))
				before := w.files()

				admin, err := w.aws.SignIn(w.t.Context(), c.profile, "eu-west-1")
				w.must(err)
				who := admin.Caller()
				if who.Account != number || !strings.Contains(who.ARN, c.who) {
					t.Errorf("caller %+v", who)
				}
				if strings.HasPrefix(c.who, "assumed-role/") == (who.Management == account.Holds) {
					t.Errorf("management %s, alias %q", who.Management, who.Alias) // the two roles may ask nothing
				}
				for _, host := range w.desk.hosts() {
					if !simaws.Serves(host) {
						t.Errorf("asked %s", host)
					}
				}
				for _, host := range c.asked {
					if !slices.Contains(w.desk.hosts(), host) {
						t.Errorf("did not ask %s but %v", host, w.desk.hosts())
					}
				}
				if !maps.Equal(before, w.files()) {
					t.Errorf("files were written:\n%v\n%v", before, w.files())
				}

				admin.Forget()
				asked := len(w.desk.asked)
				_, _, err = admin.FindStack(w.t.Context(), "x")
				if account.KindOf(err) != account.AWSSignInOver || len(w.desk.asked) != asked {
					t.Errorf("after Forget: %v, asked %v", err, w.desk.asked[asked:])
				}
			})
		})
	}
}

// TestSignInThatIsOver: the command that renews it is told, and nothing is
// renewed or written.
func TestSignInThatIsOver(t *testing.T) {
	const file = configuration + `
[profile of a friend]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = AdministratorAccess
[profile via]
role_arn = arn:aws:iam::111122223333:role/Build
source_profile = admin
[profile old-keys]
aws_access_key_id = ASIA1
aws_secret_access_key = s
aws_session_token = t
`
	for profile, c := range map[string]struct {
		command string
		begin   func(w *world)
	}{
		"admin":       {"aws sso login --profile admin", func(w *world) { w.ssoToken("corp", "x", time.Now().Add(-time.Minute)) }},
		"via":         {"aws sso login --profile admin", func(w *world) { w.ssoToken("corp", "revoked", time.Now().Add(time.Hour)) }},
		"old-sso":     {"aws sso login --profile old-sso", func(*world) {}},
		"of a friend": {"aws sso login --profile 'of a friend'", func(*world) {}},
		"login": {"aws login --profile login", func(w *world) {
			w.loginToken("arn:aws:iam::111122223333:user/kim", simaws.Key{ID: "A", Secret: "s"}, time.Now().Add(-time.Minute))
		}},
		"old-keys": {"", func(w *world) { w.desk.refuses("GetCallerIdentity", -1, 403, "ExpiredToken", "expired") }},
	} {
		t.Run(profile, func(t *testing.T) {
			inWorld(t, management(), func(w *world) {
				w.write(file, ".aws", "config")
				c.begin(w)
				before := w.files()
				_, err := w.aws.SignIn(w.t.Context(), profile, "eu-west-1")
				wantProblem(t, err, account.AWSSignInOver, c.command)
				if !maps.Equal(before, w.files()) {
					t.Error("files were written")
				}
				for _, host := range w.desk.hosts() {
					if strings.HasPrefix(host, "oidc.") || strings.Contains(host, "signin") {
						t.Errorf("it was tried to renew: %s", host)
					}
				}
			})
		})
	}
}

func TestSignInWithLogin(t *testing.T) {
	inWorld(t, management(), func(w *world) {
		w.write(configuration, ".aws", "config")
		token := w.cloud.SignIn(time.Hour, w.account.Assign("kim", "AdministratorAccess", true))
		w.ssoToken("corp", token, time.Now().Add(time.Hour))
		w.loginToken("arn:aws:iam::111122223333:user/kim", simaws.Key{ID: w.env["AWS_ACCESS_KEY_ID"], Secret: w.env["AWS_SECRET_ACCESS_KEY"]}, time.Now().Add(time.Minute))
		_, err := w.aws.SignIn(w.t.Context(), "login", "eu-west-1")
		// A user's key takes no session token: that AWS refuses it shows that it was sent.
		wantProblem(t, err, account.AWSKeyUnknown, "")
	})
}

// TestSessionOfSSOTellsItsEnd: the portal counts in milliseconds.
func TestSessionOfSSOTellsItsEnd(t *testing.T) {
	inWorld(t, management(), func(w *world) {
		w.write(configuration, ".aws", "config")
		w.ssoToken("corp", w.cloud.SignIn(time.Hour, w.account.Assign("kim", "AdministratorAccess", true)), time.Now().Add(time.Hour))
		end := time.Now().Add(time.Hour).Truncate(time.Millisecond).UTC()
		w.desk.says("GetRoleCredentials", 1, 200, fmt.Sprintf(`{"roleCredentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","expiration":%d}}`, end.UnixMilli()))
		got, _, err := w.aws.Session(w.t.Context(), account.AWSTarget{Link: account.AWSLink{Method: account.ByProfile, Named: "admin"}}, nil)
		w.must(err)
		if !got.Expires.Equal(end) || got.SessionToken != "t" {
			t.Errorf("it ends at %s, not %s", got.Expires, end)
		}
	})
}

// TestSignInWithoutCredentials: profiles that lead nowhere, and no call for them.
func TestSignInWithoutCredentials(t *testing.T) {
	const file = `
[profile none]
region = eu-west-1
[profile box]
role_arn = arn:aws:iam::111122223333:role/Build
credential_source = Ec2InstanceMetadata
[profile container]
role_arn = arn:aws:iam::111122223333:role/Build
credential_source = EcsContainer
[profile web]
role_arn = arn:aws:iam::111122223333:role/Build
web_identity_token_file = /nowhere
[profile mfa]
role_arn = arn:aws:iam::111122223333:role/Build
source_profile = keys
mfa_serial = arn:aws:iam::111122223333:mfa/kim
[profile keys]
aws_access_key_id = AKIA2
aws_secret_access_key = s
[profile half]
aws_access_key_id = AKIA2
[profile orphan]
role_arn = arn:aws:iam::111122223333:role/Build
source_profile = nobody
[profile broken]
credential_process = echo secret-of-the-tool; exit 1
[profile sso]
sso_session = nothere
sso_account_id = 111122223333
sso_role_name = x
[profile bad-region]
sso_start_url = https://corp.awsapps.com/start
sso_region = evil.example/
sso_account_id = 111122223333
sso_role_name = x
`
	for _, profile := range []string{"none", "box", "container", "web", "mfa", "half", "orphan", "broken", "sso", "bad-region", "missing"} {
		t.Run(profile, func(t *testing.T) {
			inWorld(t, management(), func(w *world) {
				w.write(file, ".aws", "config")
				_, err := w.aws.SignIn(w.t.Context(), profile, "eu-west-1")
				kind := account.AWSNoCredentials
				if profile == "missing" {
					kind = account.AWSNoProfile
				}
				p := wantProblem(t, err, kind, profile)
				if strings.Contains(p.Error(), "secret") || kind == account.AWSNoCredentials && p.Message == "" {
					t.Errorf("it says %q", p.Error())
				}
				if len(w.desk.asked) != 0 {
					t.Errorf("asked %v", w.desk.asked)
				}
			})
		})
	}
}

func TestSignInTellsWhatTheAccountIs(t *testing.T) {
	for organization, want := range map[simaws.Organization]account.CheckState{simaws.Management: account.Holds, simaws.Member: account.Missing, simaws.None: account.Holds} {
		inWorld(t, simaws.AccountSpec{Organization: organization, Alias: "prod"}, func(w *world) {
			if organization == simaws.Member {
				w.cloud.AddAccount(simaws.AccountSpec{Number: "999988887777", Organization: simaws.Management})
			}
			who := w.signIn().Caller()
			if who.Management != want || who.Alias != "prod" {
				t.Errorf("%v: %+v", organization, who)
			}
		})
	}
	inWorld(t, management(), func(w *world) {
		w.desk.refuses("DescribeOrganization", -1, 400, "AccessDeniedException", "no")
		w.desk.refuses("ListAccountAliases", -1, 403, "AccessDenied", "no")
		if who := w.signIn().Caller(); who.Management != account.Unknown || who.Alias != "" {
			t.Errorf("%+v", who)
		}
	})
}

func TestSignInRefused(t *testing.T) {
	inWorld(t, management(), func(w *world) {
		k := w.env["AWS_SECRET_ACCESS_KEY"]
		w.env["AWS_SECRET_ACCESS_KEY"] = "wrong"
		_, err := w.aws.SignIn(w.t.Context(), Environment, home)
		wantProblem(t, err, account.AWSSecretWrong, "")
		w.env["AWS_SECRET_ACCESS_KEY"], w.ahead = k, time.Hour
		_, err = w.aws.SignIn(w.t.Context(), Environment, home)
		if p := wantProblem(t, err, account.ClockOff, ""); (p.Skew - time.Hour).Abs() > 2*time.Second {
			t.Errorf("ahead by %s", p.Skew)
		}
		w.ahead = 0
		w.account.SetSTS(home, false)
		_, err = w.aws.SignIn(w.t.Context(), Environment, home)
		wantProblem(t, err, account.AWSRegionOff, home)
		_, err = w.aws.SignIn(w.t.Context(), Environment, "evil.example/")
		if account.KindOf(err) != account.InputNotRegion {
			t.Errorf("a host as region: %v", err)
		}
		w.account.Deactivate(w.env["AWS_ACCESS_KEY_ID"])
		_, err = w.aws.SignIn(w.t.Context(), Environment, "eu-west-2")
		wantProblem(t, err, account.AWSKeyUnknown, "")
	})
}

func TestByProfile(t *testing.T) {
	link := account.AWSLink{Type: account.AWSManagement, Account: number, Region: home, Method: account.ByProfile, Tag: "9f3a61c2", Named: Environment}
	// The administrator's own profile: it may write, and that is said.
	inWorld(t, management(), func(w *world) {
		w.target.Link, w.key = link, nil
		r := w.verify()
		if len(r.Checks) != 4 {
			t.Errorf("%d checks", len(r.Checks))
		}
		w.want(r, account.AWSSession, account.Holds, "")
		w.want(r, account.AWSIdentity, account.Holds, "")
		w.want(r, account.AWSPermissions, account.Holds, "")
		w.wantDetail(w.want(r, account.AWSReadOnly, account.Warning, account.AWSWritable), "allowed: ec2:TerminateInstances")
	})
	// A role under an external id, capped by both session policies.
	inWorld(t, management(), func(w *world) {
		w.target.Link, w.key = link, nil
		l := &w.target.Link
		l.Role, l.ExternalID = "arn:aws:iam::111122223333:role/Watch", "3b1f6a6e-ff6c"
		w.must(w.account.CreateRole("Watch", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"3b1f6a6e-ff6c"}}}]}`))
		w.must(w.account.Attach("Watch", "SecurityAudit"))
		w.must(w.account.Attach("Watch", "job-function/ViewOnlyAccess"))
		r := w.verify()
		w.want(r, account.AWSSession, account.Holds, "")
		w.want(r, account.AWSIdentity, account.Holds, "")
		w.want(r, account.AWSPermissions, account.Holds, "")
		sent := strings.Join(w.desk.bodies, "\n")
		for _, want := range []string{"PolicyArns.member.1.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FSecurityAudit", "PolicyArns.member.2.arn=", "ExternalId=3b1f6a6e-ff6c", "DurationSeconds=3600"} {
			if !strings.Contains(sent, want) {
				t.Errorf("%s was not sent", want)
			}
		}
		l.ExternalID = "another"
		r = w.verify()
		w.want(r, account.AWSSession, account.Missing, account.AWSDenied)
		w.want(r, account.AWSPermissions, account.Unknown, account.NotAsked)
		l.Account, l.ExternalID = "444455556666", "3b1f6a6e-ff6c"
		w.want(w.verify(), account.AWSIdentity, account.Missing, account.AWSOtherAccount)
	})
}

// TestSignInOffline: the way there is told apart from AWS's word.
func TestSignInOffline(t *testing.T) {
	inWorld(t, management(), func(w *world) {
		w.desk.does("GetCallerIdentity", -1, func(*http.Request) (*http.Response, error) { return nil, errors.New("broken off") })
		_, err := w.aws.SignIn(w.t.Context(), Environment, home)
		wantProblem(t, err, account.Offline, "sts.eu-west-1.amazonaws.com")
		if w.desk.count("GetCallerIdentity") < 2 {
			t.Error("a lost answer of a read was not asked for again")
		}
	})
}
