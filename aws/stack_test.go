package aws

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// inBegun runs a test with a template that no stack was made of yet.
func inBegun(t *testing.T, test func(w *world, admin *Administrator, name, template string)) {
	t.Helper()
	inWorld(t, management(), func(w *world) {
		w.target.Link = account.AWSLink{Type: account.AWSManagement, Account: number, Region: home, Method: account.ByCertificate, Tag: "9f3a61c2"}
		w.certify()
		template, err := w.aws.Template(w.target.Link, w.target.Authority)
		w.must(err)
		w.cloud.SetResourceTime(8 * time.Second)
		test(w, w.signIn(), w.target.Link.StackName(), template)
	})
}

func TestStackFromNothingToNothing(t *testing.T) {
	inBegun(t, func(w *world, admin *Administrator, name, template string) {
		ctx := w.t.Context()
		s, _, err := admin.FindStack(ctx, name)
		w.must(err)
		if s.Found() {
			t.Errorf("found %+v", s)
		}
		if _, _, err := admin.StackTemplate(ctx, name); account.KindOf(err) != account.AWSGone {
			t.Errorf("the template of no stack: %v", err)
		}
		var told []account.Pause
		s, trail, err := admin.CreateStack(ctx, name, template, func(p account.Pause) { told = append(told, p) })
		w.must(err)
		if s.Name != name || s.Status != "CREATE_COMPLETE" || s.Role.Resource() != "role/XopsReadOnly" || s.Anchor.Service() != "rolesanywhere" || s.Profile.Service() != "rolesanywhere" {
			t.Errorf("made %+v", s)
		}
		var said []string
		for i, p := range told {
			said = append(said, p.Detail)
			if p.Reason != account.StackBuilds || p.Since.After(p.Next) || p.Until.Sub(p.Since) != buildMost || i > 0 && p.Next.Sub(told[i-1].Next) > lookLast+time.Second {
				t.Errorf("told %+v", p)
			}
		}
		for _, want := range []string{"Anchor: CREATE_IN_PROGRESS", "Role: CREATE_IN_PROGRESS", "Profile: CREATE_IN_PROGRESS"} {
			if !slices.Contains(said, want) {
				t.Errorf("told %q, not %q", said, want)
			}
		}
		if len(trail) < 3 || trail[0].Path != "cloudformation.eu-west-1.amazonaws.com CreateStack" {
			t.Errorf("trail %+v", trail)
		}
		if there, _, err := admin.StackTemplate(ctx, name); err != nil || there != template {
			t.Errorf("the template is another (%v)", err)
		}

		// The same again changes nothing.
		before := len(w.cloud.Journal())
		again, _, err := admin.CreateStack(ctx, name, template, silent)
		w.must(err)
		if again.ID != s.ID || len(w.cloud.Journal()) != before {
			t.Errorf("made again: %+v", again)
		}
		same, _, err := admin.UpdateStack(ctx, name, template, silent)
		w.must(err)
		if same.ID != s.ID || same.Role != s.Role {
			t.Errorf("updated to the same: %+v", same)
		}

		// Another authority, as a rotation brings.
		w.ca = newKey(t)
		w.certify()
		next, err := w.aws.Template(w.target.Link, w.target.Authority)
		w.must(err)
		_, _, err = admin.CreateStack(ctx, name, next, silent)
		wantProblem(t, err, account.AWSNameTaken, name)
		u, _, err := admin.UpdateStack(ctx, name, next, silent)
		w.must(err)
		if u.Status != "UPDATE_COMPLETE" || u.Anchor != s.Anchor {
			t.Errorf("updated %+v", u)
		}
		if anchors := w.account.Anchors(home); len(anchors) != 1 || anchors[0].PEM != w.target.Authority.PEM {
			t.Errorf("anchors %+v", anchors)
		}

		_, err = admin.DeleteStack(ctx, name, silent)
		w.must(err)
		if len(w.account.Roles()) != 0 || len(w.account.Anchors(home)) != 0 || len(w.account.Profiles(home)) != 0 {
			t.Error("something is left")
		}
		_, err = admin.DeleteStack(ctx, name, silent)
		w.must(err)
		// And once more from the beginning, with a template that had a stack before.
		s, _, err = admin.CreateStack(ctx, name, template, silent)
		w.must(err)
		if s.Status != "CREATE_COMPLETE" {
			t.Errorf("made once more: %+v", s)
		}
		if _, _, err := admin.UpdateStack(ctx, "nothing", template, silent); account.KindOf(err) != account.AWSGone {
			t.Errorf("no stack was updated: %v", err)
		}
	})
}

func TestPlanStackIsWhatIsSent(t *testing.T) {
	inBegun(t, func(w *world, admin *Administrator, name, template string) {
		plan := admin.PlanStack(template)
		if len(plan) != 1 || plan[0].Method != http.MethodPost || plan[0].Path != "cloudformation.eu-west-1.amazonaws.com CreateStack" || plan[0].Body != template {
			t.Errorf("plan %+v", plan)
		}
	})
}

// TestStackFails: why, by the reason of the first resource that failed.
func TestStackFails(t *testing.T) {
	for name, c := range map[string]struct {
		begin   func(w *world) *Administrator
		kind    account.Kind
		subject string
	}{
		"the role is there": {func(w *world) *Administrator {
			w.must(w.account.CreateRole(account.AWSRoleName, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`))
			return w.signIn()
		}, account.AWSNameTaken, account.AWSRoleName},
		"may not make roles": {func(w *world) *Administrator {
			k := w.account.AddUser("lee", false, "cloudformation:*", "rolesanywhere:*", "iam:CreateServiceLinkedRole", "iam:GetRole")
			w.env["AWS_ACCESS_KEY_ID"], w.env["AWS_SECRET_ACCESS_KEY"] = k.ID, k.Secret
			return w.signIn()
		}, account.AWSDenied, "iam:CreateRole"},
	} {
		t.Run(name, func(t *testing.T) {
			inBegun(t, func(w *world, _ *Administrator, stack, template string) {
				admin := c.begin(w)
				s, _, err := admin.CreateStack(w.t.Context(), stack, template, silent)
				p := wantProblem(t, err, c.kind, c.subject)
				if p.Message == "" || s.Reason != p.Message || !s.Found() {
					t.Errorf("reason %q, stack %+v", p.Message, s)
				}
				// What is left can be taken away and made anew.
				s, _, err = admin.FindStack(w.t.Context(), stack)
				w.must(err)
				if !strings.HasPrefix(s.Status, "ROLLBACK") {
					t.Errorf("left %+v", s)
				}
			})
		})
	}
	inWorld(t, simaws.AccountSpec{Organization: simaws.Member}, func(w *world) {
		w.target.Link = account.AWSLink{Account: number, Region: home, Tag: "9f3a61c2"}
		w.certify()
		template, err := w.aws.Template(w.target.Link, w.target.Authority)
		w.must(err)
		w.must(w.account.AttachSCP(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"rolesanywhere:*","Resource":"*"}]}`))
		admin := w.signIn()
		_, _, err = admin.CreateStack(w.t.Context(), "s", template, silent)
		p := account.AsProblem(err)
		if p == nil || p.Kind != account.AWSOrganization || !strings.HasPrefix(p.Subject, "rolesanywhere:") {
			t.Errorf("an organization that forbids it: %v", err)
		}
		w.must(w.account.AttachSCP(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"cloudformation:*","Resource":"*"}]}`))
		_, _, err = admin.FindStack(w.t.Context(), "s")
		wantProblem(t, err, account.AWSOrganization, "cloudformation:DescribeStacks")
	})
}

func TestStackProblems(t *testing.T) {
	for reason, want := range map[string]account.Problem{
		`Resource handler returned message: "Role with name XopsReadOnly already exists. (Service: Iam, Status Code: 409)"`: {Kind: account.AWSNameTaken, Subject: "Role"},
		"User: x is not authorized to perform: iam:CreateRole on resource: y because no identity-based policy allows it":    {Kind: account.AWSDenied, Subject: "iam:CreateRole"},
		"x is not authorized to perform: iam:CreateRole with an explicit deny in a service control policy":                  {Kind: account.AWSOrganization, Subject: "iam:CreateRole"},
		"Cannot exceed quota for RolesPerAccount: 1000":                                                                     {Kind: account.QuotaReached, Subject: "Role"},
		"Internal Failure": {Kind: account.AWSStackFailed, Subject: "stack"},
	} {
		p := stackProblem("stack", "Role", reason)
		if p.Kind != want.Kind || p.Subject != want.Subject || p.Message != reason {
			t.Errorf("%s: %v", reason, p)
		}
	}
}

// TestStackWhoseAnswersAreLost: CloudFormation is at work all the same.
func TestStackWhoseAnswersAreLost(t *testing.T) {
	inBegun(t, func(w *world, admin *Administrator, name, template string) {
		lost := func(action string, times int) {
			w.desk.does(action, times, func(r *http.Request) (*http.Response, error) {
				in := r.Clone(r.Context())
				body, err := r.GetBody()
				if err != nil {
					return nil, err
				}
				in.Body, in.Host = body, r.URL.Host
				w.cloud.ServeHTTP(httptest.NewRecorder(), in)
				return nil, errors.New("the connection broke")
			})
		}
		lost("CreateStack", 1)
		lost("DescribeStacks", 9)
		var reasons []account.PauseReason
		s, _, err := admin.CreateStack(w.t.Context(), name, template, func(p account.Pause) { reasons = append(reasons, p.Reason) })
		w.must(err)
		if s.Status != "CREATE_COMPLETE" || !slices.Contains(reasons, account.AnswerLost) {
			t.Errorf("made %+v, told %v", s, reasons)
		}
		if n := len(w.account.Stacks(home)); n != 1 {
			t.Errorf("%d stacks", n)
		}
	})
}

func TestStackIsLeft(t *testing.T) {
	inBegun(t, func(w *world, admin *Administrator, name, template string) {
		ctx, cancel := context.WithCancel(w.t.Context())
		begun := time.Now()
		left, _, err := admin.CreateStack(ctx, name, template, func(account.Pause) { cancel() })
		if account.KindOf(err) != account.Cancelled || time.Since(begun) > time.Second || !left.Found() || left.Name != name {
			t.Errorf("after %s: %v, stack %+v", time.Since(begun), err, left)
		}
		// CloudFormation goes on: another change has to wait, the same one joins.
		_, _, err = admin.UpdateStack(w.t.Context(), name, strings.Replace(template, "3600", "3601", 1), silent)
		wantProblem(t, err, account.AWSStackBusy, "CREATE_IN_PROGRESS")
		s, _, err := admin.CreateStack(w.t.Context(), name, template, silent)
		w.must(err)
		if s.Status != "CREATE_COMPLETE" {
			t.Errorf("joined %+v", s)
		}
	})
}

// TestStackThatIsNotSeen is there all the same, whatever keeps it from being seen:
// CloudFormation took the request. One of another template is nobody's of ours.
func TestStackThatIsNotSeen(t *testing.T) {
	inBegun(t, func(w *world, admin *Administrator, name, template string) {
		w.desk.refuses("DescribeStacks", 1, 403, "AccessDenied", "not authorized")
		s, _, err := admin.CreateStack(w.t.Context(), name, template, silent)
		if account.KindOf(err) != account.AWSDenied || !s.Found() || s.Name != name {
			t.Errorf("%v, stack %+v", err, s)
		}
		s, _, err = admin.CreateStack(w.t.Context(), name, template+" ", silent)
		if account.KindOf(err) != account.AWSNameTaken || s.Found() {
			t.Errorf("of another template: %v, stack %+v", err, s)
		}
	})
}

// TestStackThatGoesMeanwhile is not waited for: there is none that could come.
func TestStackThatGoesMeanwhile(t *testing.T) {
	inBegun(t, func(w *world, admin *Administrator, name, template string) {
		w.desk.refuses("CreateStack", 1, 400, "AlreadyExistsException", "Stack already exists")
		begun := time.Now()
		s, _, err := admin.CreateStack(w.t.Context(), name, template, silent)
		wantProblem(t, err, account.AWSGone, name)
		if s.Found() || time.Since(begun) > time.Second {
			t.Errorf("after %s: stack %+v", time.Since(begun), s)
		}
	})
}

func TestStackThatNeverEnds(t *testing.T) {
	inBegun(t, func(w *world, admin *Administrator, name, template string) {
		w.cloud.SetResourceTime(time.Hour)
		begun := time.Now()
		_, _, err := admin.CreateStack(w.t.Context(), name, template, silent)
		wantProblem(t, err, account.AWSStackBusy, "CREATE_IN_PROGRESS")
		if took := time.Since(begun); took < buildMost || took > buildMost+time.Minute {
			t.Errorf("given up after %s", took)
		}
	})
}

func TestStackRefused(t *testing.T) {
	for _, c := range []struct {
		code, message string
		kind          account.Kind
	}{
		{"InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]", account.AWSTemplate},
		{"LimitExceededException", "Limit for stacks", account.QuotaReached},
		{"ValidationError", "Template format error", account.AWSTemplate},
		{"AccessDenied", "User: x is not authorized to perform: cloudformation:CreateStack on resource: y", account.AWSDenied},
		{"ExpiredToken", "expired", account.AWSSignInOver},
	} {
		inBegun(t, func(w *world, admin *Administrator, name, template string) {
			w.desk.refuses("CreateStack", -1, 400, c.code, c.message)
			_, trail, err := admin.CreateStack(w.t.Context(), name, template, silent)
			if account.KindOf(err) != c.kind || len(trail) != 1 {
				t.Errorf("%s: %v, trail %v", c.code, err, trail)
			}
		})
	}
}

// TestStackThatIsStopped: what was sent is waited for, so that it is known; a
// pause before the next try ends at once, and as a stop.
func TestStackThatIsStopped(t *testing.T) {
	inBegun(t, func(w *world, admin *Administrator, name, template string) {
		ctx, stop := context.WithCancel(w.t.Context())
		w.desk.does("CreateStack", 1, func(r *http.Request) (*http.Response, error) {
			stop()
			time.Sleep(time.Second)
			if err := r.Context().Err(); err != nil {
				return nil, err
			}
			body, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			in := r.Clone(r.Context())
			in.Body, in.Host = body, r.URL.Host
			rec := httptest.NewRecorder()
			w.cloud.ServeHTTP(rec, in)
			return rec.Result(), nil
		})
		s, trail, err := admin.CreateStack(ctx, name, template, silent)
		if account.KindOf(err) != account.Cancelled || !s.Found() || len(trail) == 0 {
			t.Errorf("%v, stack %+v, trail %v", err, s, trail)
		}

		ctx, stop = context.WithCancel(w.t.Context())
		w.desk.refuses("DeleteStack", -1, 400, "Throttling", "Rate exceeded")
		begun := time.Now()
		time.AfterFunc(500*time.Millisecond, stop)
		_, err = admin.DeleteStack(ctx, name, silent)
		if account.KindOf(err) != account.Cancelled || time.Since(begun) > time.Second {
			t.Errorf("stopped in a pause, after %s: %v", time.Since(begun), err)
		}
	})
}
