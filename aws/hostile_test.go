package aws

import (
	"testing"
	"testing/synctest"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// through has a world's calls answered by s.
func (w *world) through(s *hostile.Spoiler) {
	w.t.Helper()
	s.Next = w.desk
	c, err := rest.New(rest.Options{Transport: s, Version: "test", Now: w.clock})
	w.must(err)
	w.aws = New(c, w.clock, func(name string) string { return w.env[name] })
}

func TestHostileVerification(t *testing.T) {
	for name, change := range map[string]func(*world){
		"holds": func(*world) {},
		"changed": func(w *world) {
			w.must(w.account.Attach(account.AWSRoleName, "AdministratorAccess"))
			w.must(w.account.PutInline(account.AWSRoleName, "extra", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`))
		},
		"disabled": func(w *world) { w.must(w.account.EnableAnchor(home, string(w.target.Link.Anchor), false)) },
	} {
		t.Run(name, func(t *testing.T) {
			inLinked(t, management(), func(w *world) {
				change(w)
				hostile.Every(t, 2, func(s *hostile.Spoiler) []any {
					w.through(s)
					return []any{w.verify()}
				})
			})
		})
	}
}

// TestHostileStack holds it of a sign-in by a profile, of a stack that is made, and of
// one that is looked at.
func TestHostileStack(t *testing.T) {
	env := homeWith(t, "", "")
	hostile.Every(t, 20, func(s *hostile.Spoiler) (all []any) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, env, management())
			w.target.Link = account.AWSLink{Type: account.AWSManagement, Account: number, Region: home, Method: account.ByCertificate, Tag: "9f3a61c2"}
			w.certify()
			l := w.target.Link
			template, err := w.aws.Template(l, w.target.Authority)
			w.must(err)
			w.through(s)
			admin, err := w.aws.SignIn(t.Context(), Environment, l.Region)
			all = append(all, account.AsProblem(err))
			if err != nil {
				return
			}
			all = append(all, admin.Caller())
			made, trail, err := admin.CreateStack(t.Context(), l.StackName(), template, func(p account.Pause) { all = append(all, p) })
			all = append(all, made, trail, account.AsProblem(err))
			found, trail, err := admin.FindStack(t.Context(), l.StackName())
			all = append(all, found, trail, account.AsProblem(err))
		})
		return all
	})
}

// TestHostileRefusals holds that of a refusal no more is kept than may be shown. XML
// holds fewer characters than JSON, and a text may be anything in its own escapes.
func TestHostileRefusals(t *testing.T) {
	for _, code := range []string{"AccessDenied", "ExpiredToken", "ValidationError", "Nonsense" + hostile.All} {
		for _, text := range []string{"User: arn:aws:sts::1:x is not authorized to perform: iam:GetRole on resource: " + hostile.All + " with an explicit deny", hostile.All} {
			inLinked(t, management(), func(w *world) {
				for _, action := range []string{"CreateSession", "GetCallerIdentity", "GetRole", "GetProfile", "GetTrustAnchor", "ListAttachedRolePolicies", "ListRolePolicies", "SimulatePrincipalPolicy", "DescribeOrganization"} {
					w.desk.says(action, 1, 403, `{"__type":`+hostile.JSON(code)+`,"message":`+hostile.JSON(text)+`}`, "X-Amzn-Requestid", hostile.All)
					if got, found := hostile.Kept(hostile.In(w.verify())); found {
						t.Errorf("%s: %.300q is kept", action, got)
					}
				}
			})
		}
	}
}
