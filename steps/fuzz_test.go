package steps_test

import (
	"bufio"
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
	"github.com/axiomio/xops-onboard/steps"
)

// FuzzOutputs holds of any text that is pasted for the Outputs of a stack: what is
// taken is three names of one account in the link's region, and what is refused says
// nothing that may not be drawn.
func FuzzOutputs(f *testing.F) {
	const of = "arn:aws:rolesanywhere:eu-west-1:123456789012:"
	whole := "AWSRoleARN\tarn:aws:iam::123456789012:role/XopsReadOnly\nTrustAnchorARN " + of + "trust-anchor/a\nProfileARN " + of + "profile/b"
	for _, s := range []string{"", whole, strings.ReplaceAll(whole, "eu-west-1", "eu-west-2"), strings.ReplaceAll(whole, "XopsReadOnly", "Other"), whole + " " + of + "profile/c", hostile.All, whole + hostile.Short, "\u202e" + whole} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := steps.ReadOutputs(account.AWSLink{Region: "eu-west-1", Tag: "9f3a61c2"}, s)
		if err != nil {
			a := steps.Advise(account.AsProblem(err))
			if text, found := hostile.Kept(append(a.Causes, a.Say, a.Do, a.Line())); found {
				t.Errorf("%q is said of %q", text, s)
			}
			return
		}
		for _, arn := range []account.ARN{l.Role, l.Anchor, l.Profile} {
			if again, err := account.ParseARN(string(arn)); err != nil || again != arn || arn.Account() != l.Account || arn.Partition() != "aws" {
				t.Errorf("%q of %q", arn, s)
			}
		}
		if l.Anchor.Region() != l.Region || l.Profile.Region() != l.Region || !strings.HasSuffix(string(l.Role), "/"+account.AWSRoleName) {
			t.Errorf("%+v of %q", l, s)
		}
	})
}

// FuzzPlainly holds of any text: its lines may be written to a terminal, those that
// were fit are as they were, and there are not more of them.
func FuzzPlainly(f *testing.F) {
	for _, s := range append(hostile.Texts, "  a  b\n", "\n\n", "1. a\r\n  2. b") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := steps.Plainly(s)
		before, after := strings.Split(s, "\n"), strings.Split(got, "\n")
		if len(before) != len(after) || steps.Plainly(got) != got {
			t.Fatalf("%q is %q", s, got)
		}
		for i, line := range after {
			if !account.Clear(line) || account.Clear(before[i]) && line != before[i] {
				t.Errorf("%q is %q", before[i], line)
			}
		}
	})
}

// FuzzPlainLines types anything at the plain questions, from the way on and from
// each stop by hand: they end with the input at the latest, and no line that they say
// has in it what a terminal would not just show.
func FuzzPlainLines(f *testing.F) {
	whole := strings.Join([]string{"2", "Contoso", "", client, "contoso.com", domain, "", "", "", "", "", ""}, "\n") + "\n"
	for _, s := range []string{"", "\n", whole, "99999999999999999999\n", "2\n1\n\x1b[2J\n", hostile.All + "\n", strings.Repeat(hostile.Short+"\n", 5), strings.ReplaceAll(whole, "Contoso", hostile.Texts[5]), "2\nP\n1\n" + strings.Repeat("s\n", 20), "1\nContoso\ncontoso.com\n1\n"} {
		for stop := range uint8(6) {
			f.Add(stop, s)
		}
	}
	f.Fuzz(func(t *testing.T, stop uint8, typed string) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			d := account.Draft{Provider: account.Microsoft} // of the world here there is no other
			if at := []string{"", "name", "register", "identifiers", "upload", "verify"}[stop%6]; at != "" {
				d = w.draft(t, at)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
			defer cancel()
			var out bytes.Buffer
			p := steps.Plain{Env: w.env, In: bufio.NewReader(strings.NewReader(typed)), Out: &out}
			_, err := p.Run(ctx, steps.Routes, d)
			w.env.Ops.Close()
			if ctx.Err() != nil {
				t.Errorf("no end: %v", err)
			}
			if bad := hostile.Lines(out.String()); bad != "" || out.Len() > 200_000+20*len(typed) {
				t.Errorf("%q is said in %d bytes of %.300q", bad, out.Len(), typed)
			}
		})
	})
}

// TestHostilePlain holds that plain lines have nothing hostile of a draft in them.
func TestHostilePlain(t *testing.T) {
	t.Parallel()
	for _, stop := range []string{"name", "register", "identifiers", "key", "upload", "role", "permission", "verify"} {
		w := newWorld(t)
		d := w.draft(t, stop)
		var m account.MicrosoftLink
		hostile.Fill(t, &m, hostile.Short)
		m.Tenant, m.Client = d.Microsoft().Tenant, d.Microsoft().Client
		d.Link, d.Name = m, account.Name(hostile.Short)
		for i := range d.Keys {
			d.Keys[i].Saved = hostile.Short
		}
		said, _, _ := talk(t, w, d, "", "", "", "")
		if bad := hostile.Lines(said); bad != "" || !strings.Contains(said, "Con") && stop != "name" && stop != "identifiers" {
			t.Errorf("%s: %q is said in %.400q", stop, bad, said)
		}
		if bad := hostile.Lines(strings.ReplaceAll(steps.HandOverText(d), hostile.Mark, "")); bad != "" {
			t.Errorf("%s: %q is handed over", stop, bad)
		}
	}
}
