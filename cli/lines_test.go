package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// TestLinesOfManyAreWhole has more lines than one text holds, one of which is as long as
// names can be.
func TestLinesOfManyAreWhole(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	var l lines
	var want []string
	long := strings.Repeat("ä", 60)
	for i := range 3000 {
		r := account.Row{Name: account.Name(fmt.Sprintf("Account %d", i)), Provider: account.Azure, Cloud: account.Global, Holder: long}
		l.account(r, account.LastCheck{At: now.Add(-time.Duration(i) * time.Minute), State: account.Holds}, now)
		want = append(want, fmt.Sprintf("Account %d: Azure Global, tenant %s, every check held %s", i, long, map[bool]string{true: "just now", false: ""}[i == 0]))
	}
	var out strings.Builder
	there, err := l.write(&out)
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if err != nil || !there || len(got) != len(want) || len(l.full) < 2 {
		t.Fatalf("%d lines in %d texts, %v", len(got), len(l.full)+1, err)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("line %d is %q, not %q", i, got[i], want[i])
		}
	}
	if there, err := new(lines).write(&out); there || err != nil {
		t.Errorf("of nothing: %v, %v", there, err)
	}
	broken := errors.New("no room")
	if _, err := l.write(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("what cannot be written is %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestAgesInLines holds how old a check is said to be.
func TestAgesInLines(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "just now", 59 * time.Second: "just now", time.Minute: "1 minute ago", 59*time.Minute + 59*time.Second: "59 minutes ago",
		time.Hour: "1 hour ago", 47 * time.Hour: "1 day ago", 48 * time.Hour: "2 days ago",
	} {
		var l lines
		if l.ago(d); string(l.text) != want {
			t.Errorf("%v: %q, want %q", d, l.text, want)
		}
	}
}
