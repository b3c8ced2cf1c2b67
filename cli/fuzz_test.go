package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
)

// FuzzDue holds of any --due: it is a time from none to a lifetime, or refused in
// words that may be written.
func FuzzDue(f *testing.F) {
	for _, s := range []string{"", "30d", "12h", "-1h", "1e9d", "65535d", "65536d", "+3d", "d", "1.5d", "2562048h", "9223372036854775807ns", "1h\u202e", hostile.Short, "٣d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDue(s)
		if err != nil {
			if !account.Clear(err.Error()) || len(err.Error()) > 400 || d != 0 {
				t.Errorf("%v of %q: %q", d, s, err)
			}
			return
		}
		if days, ok := strings.CutSuffix(s, "d"); d < 0 || ok && (d%(24*time.Hour) != 0 || strings.Trim(days, "0123456789") != "") || !ok && s != "" && !strings.ContainsAny(s, "hmsn0") {
			t.Errorf("%v of %q", d, s)
		}
	})
}

// TestJSONIsSafeToShow holds that what a command writes as JSON says what it is of, and
// a terminal that shows it acts on nothing.
func TestJSONIsSafeToShow(t *testing.T) {
	for _, s := range append(hostile.Texts, hostile.All) {
		var b bytes.Buffer
		if err := encode(&b, result{State: s, Error: s, Problem: &toldProblem{Subject: s, Message: s}, Warnings: []string{s}}); err != nil {
			t.Fatal(err)
		}
		var back result
		if bad := hostile.Lines(strings.ReplaceAll(b.String(), hostile.Mark, "")); bad != "" || json.Unmarshal(b.Bytes(), &back) != nil || back.State != strings.Map(func(r rune) rune { return r }, s) {
			t.Errorf("%q is in the JSON of %.100q", bad, s)
		}
	}
}

// TestLinesAreSafeToShow holds it of what is said to people, of errors and hints too.
func TestLinesAreSafeToShow(t *testing.T) {
	for _, s := range append(hostile.Texts, hostile.All) {
		var out bytes.Buffer
		v := voice{out: &out, errs: &out, events: &out, now: time.Now}
		v.say("%s", s)
		v.result([]string{s, "  " + s}, result{})
		tell(&out, &account.Problem{Kind: account.AlreadyLinked, Subject: s}, 0)
		tell(&out, &outcome{err: usage{&account.Problem{Kind: account.InputTaken, Subject: s}}, hint: s}, 0)
		if bad := hostile.Lines(out.String()); bad != "" {
			t.Errorf("%q is said of %.100q", bad, s)
		}
	}
}
