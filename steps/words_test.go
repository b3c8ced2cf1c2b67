package steps

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// constants are the values of the constants of a type in a file of account, so
// that one that is added later is not forgotten here.
func constants(t *testing.T, file, typ string) (values []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "../account/"+file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if id, ok := spec.Type.(*ast.Ident); ok && id.Name == typ {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
		}
		return true
	})
	if len(values) == 0 {
		t.Fatalf("no constants of type %s in %s", typ, file)
	}
	return values
}

func TestEveryKindHasWords(t *testing.T) {
	t.Parallel()
	for _, k := range constants(t, "problem.go", "Kind") {
		p := account.Problem{Kind: account.Kind(k), Subject: "it", Skew: time.Hour, Wait: time.Minute, Left: 24 * time.Hour, Status: 500, State: account.StoreLocked}
		a := Advise(&p)
		if fell := strings.HasPrefix(a.Say, "Something unexpected"); fell != (p.Kind == account.Unexpected) {
			t.Errorf("%s: Say = %q", k, a.Say)
		}
		sound(t, k, a)
	}
}

// sound holds how advice is written.
func sound(t *testing.T, k string, a Advice) {
	t.Helper()
	for _, s := range []string{a.Say, a.Do} {
		first := []rune(s + "X")[0]
		switch {
		case s == "":
		case !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, ":") && !strings.HasSuffix(s, "?"):
			t.Errorf("%s: %q is no sentence", k, s)
		case unicode.IsLower(first) && !strings.HasPrefix(s, "it "):
			t.Errorf("%s: %q begins in lower case", k, s)
		case strings.Contains(s, "!"):
			t.Errorf("%s: %q exclaims", k, s)
		}
	}
	if a.Say == "" || len(a.Causes) > 0 && !strings.HasSuffix(a.Do, ":") {
		t.Errorf("%s: %+v says nothing, or does not lead to its causes", k, a)
	}
}

func TestEveryStoreStateHasWords(t *testing.T) {
	t.Parallel()
	for _, s := range constants(t, "store.go", "StoreState") {
		a := adviseState(account.StoreState(s))
		if ready := a.Say == "The keyring is ready."; ready != (s == string(account.StoreReady)) {
			t.Errorf("%s: %q", s, a.Say)
		}
		sound(t, s, a)
		sound(t, s, adviseFileStore(account.StoreState(s)))
	}
}

func TestEveryCheckHasATitleAndASign(t *testing.T) {
	t.Parallel()
	for _, n := range constants(t, "check.go", "CheckName") {
		if CheckTitle(account.CheckName(n)) == "" {
			t.Errorf("check %q has no title", n)
		}
	}
	seen := map[string]string{}
	for _, s := range constants(t, "check.go", "CheckState") {
		sign := Sign(account.CheckState(s), kit.Theme{})
		if other, ok := seen[sign]; ok {
			t.Errorf("%s and %s have one sign %q", s, other, sign)
		}
		seen[sign] = s
	}
}

// TestNothingUncertainIsShownAsCertain holds that what has several causes is
// not marked with ✗ on the live line.
func TestNothingUncertainIsShownAsCertain(t *testing.T) {
	t.Parallel()
	for _, k := range constants(t, "problem.go", "Kind") {
		a := Advise(&account.Problem{Kind: account.Kind(k)})
		if len(a.Causes) > 0 && certain(account.Kind(k)) {
			t.Errorf("%s has causes %q and is shown as certain", k, a.Causes)
		}
	}
}

// TestWordsOfNoOneCloud holds that what any cloud's account may meet names none, and no
// token, which AWS has not.
func TestWordsOfNoOneCloud(t *testing.T) {
	t.Parallel()
	var all []string
	for _, k := range []account.Kind{account.SpreadingTooLong, account.ClockOff, account.NotAsked, account.ProxyRefused, account.Throttled, account.Unavailable, account.TimedOut, account.Offline, account.InputNotARN} {
		a := Advise(&account.Problem{Kind: k})
		all = append(all, a.Say, a.Do)
	}
	all = append(all, pauseWords[account.AskedToWait])
	for _, p := range []account.Provider{account.Azure, account.AWS} {
		if words := spreadsWords(p) + applyTakes(p); !strings.Contains(words, p.String()) && !strings.Contains(words, "CloudFormation") {
			t.Errorf("%s: %q", p, words)
		}
	}
	for _, s := range all {
		for _, never := range []string{"Entra", "Graph", "token", "Outputs"} {
			if strings.Contains(s, never) {
				t.Errorf("%q names %s", s, never)
			}
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	skip := func(account.Draft) bool { return true }
	stops := []Stop{{Name: "a"}, {Name: "b", Skip: skip}, {Name: "c"}, {Name: "d", Skip: skip}}
	for at, want := range map[int]int{-1: 0, 0: 2, 1: 2, 2: 4, 3: 4} {
		if got := next(stops, at, account.Draft{}); got != want {
			t.Errorf("next(%d) = %d, want %d", at, got, want)
		}
	}
}

// TestEveryRouteNamesItsStopsOnce holds that a stop can be found by its name, and
// has two faces: on the road back, which plain lines do not walk, and where it
// is only jumped to, the screen is enough.
func TestEveryRouteNamesItsStopsOnce(t *testing.T) {
	t.Parallel()
	aws := account.Draft{Provider: account.AWS, Link: account.AWSLink{}}
	look := account.Draft{Provider: account.AWS, Link: account.AWSLink{Method: account.ByProfile}}
	roads := map[string][]Stop{
		"by hand": MicrosoftByHand(account.Draft{}), "automatic": MicrosoftAutomatic(account.Draft{}), "back": TakingBack(account.Draft{}), "unlocking": Unlocking(account.Draft{}),
		"Azure by hand": AzureByHand(account.Draft{}), "Azure automatic": AzureAutomatic(account.Draft{}),
		"AWS by hand": AWSByHand(aws), "AWS automatic": AWSAutomatic(aws), "AWS by profile": AWSByHand(look),
	}
	there := map[string]bool{}
	for name, road := range roads {
		seen := map[string]bool{}
		for _, s := range road {
			aside := name == "back" || s.Skip != nil && s.Skip(account.Draft{})
			if seen[s.Name] || s.Name == "" || s.Screen == nil || s.Plain == nil && len(s.Field) == 0 && !aside {
				t.Errorf("%s, stop %q: twice, nameless, or without one of its two faces", name, s.Name)
			}
			seen[s.Name], there[s.Name] = true, true
		}
	}
	for _, c := range tickedBy {
		if !there[c.stop] {
			t.Errorf("no stop %q, which %s ticks", c.stop, c.check)
		}
	}
}

// TestOnePulse asks for it to move twice: one clock runs, none once it rests, and
// not two when it moves again before the last tick came.
func TestOnePulse(t *testing.T) {
	t.Parallel()
	p := newPulse(Env{Now: time.Now, visit: new(visit)})
	if p.beat() == nil || p.beat() != nil {
		t.Error("asked twice, it does not move once")
	}
	late := clockMsg{p.env.visit, p.round}
	p.rest()
	if cmd, own := p.update(late); cmd != nil || !own {
		t.Error("a tick moves what rests")
	}
	if p.beat() == nil {
		t.Error("it does not move again")
	}
	if cmd, _ := p.update(late); cmd != nil {
		t.Error("a tick of the time before runs a second clock")
	}
	if cmd, _ := p.update(clockMsg{p.env.visit, p.round}); cmd == nil {
		t.Error("its own tick is the last")
	}
	p = newPulse(Env{Now: time.Now, Place: Place{Calm: true}})
	if p.beat() != nil {
		t.Error("it moves though nothing is to")
	}
}

func TestQuoted(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a@b:/c/d-e.cer": "a@b:/c/d-e.cer", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "": "",
	} {
		if got := quoted(in); got != want {
			t.Errorf("quoted(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestWordsOfNumbers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{seconds(time.Second), "1 second"},
		{seconds(90 * time.Second), "90 seconds"},
		{seconds(3 * time.Minute), "3 minutes"},
		{skewWords(time.Hour), "1 hour ahead"},
		{skewWords(-3 * time.Hour), "3 hours behind"},
		{skewWords(20 * time.Second), "1 minute ahead"},
		{skewWords(-5 * time.Minute), "5 minutes behind"},
		{lowerFirst("The app is there."), "the app is there."},
		{lowerFirst("Entra does not know it."), "Entra does not know it."},
		{lowerFirst("AWS is not there."), "AWS is not there."},
		{lowerFirst(""), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestShorterLife(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var lives []time.Duration
	c := account.Certificate{NotBefore: now, NotAfter: now.Add(link.Lives[0])}
	for {
		l, ok := shorterLife(c)
		if !ok {
			break
		}
		lives = append(lives, l)
		c.NotAfter = now.Add(l)
	}
	if len(lives) != len(link.Lives)-1 {
		t.Errorf("lives = %v, want %v", lives, link.Lives[1:])
	}
}
