package cells_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
	"github.com/axiomio/xops-onboard/steps"
)

// throttling is what a tenant answers with 429.
type throttling string

const (
	nothing    throttling = "nothing"
	everything throttling = "everything" // at once
	graphAlone throttling = "Microsoft Graph"
)

// busy is the tenant that throttles. Its accounts come first in every list.
const busy = "A busy tenant"

// load is some work on all accounts of an estate.
type load struct {
	atOnce int // accounts, and of other tenants three times as many
	run    func(*estate) (code int)
	done   string // how one ends that was done
	not    string // and one that could not be
	code   int    // the exit code then
}

// atHome is how many accounts Home verifies at a time when it is told to verify all.
const atHome = 16

var loads = map[string]load{
	"verify --all": {32, func(e *estate) int { return e.command("verify", "--all", "--json") }, "holds", "unknown", cli.Unchecked},
	"rotate --due": {8, func(e *estate) int { return e.command("rotate", "--due", "365d", "--json") }, "rotated", "failed", cli.Failed},
	"Home":         {atHome, (*estate).home, "holds", "unknown", cli.Unchecked},
}

// TestThrottledTenantSlowsNoOther has a tenant that throttles, with more accounts
// than are in flight: every account of another tenant is done in the moment in
// which it is done where that tenant is not there, or where only its Graph
// throttles not later than where it does not. It is asked nothing before the time
// that it told, and each account ends once.
func TestThrottledTenantSlowsNoOther(t *testing.T) {
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // what hears signals lives outside the bubbles
	for name, l := range loads {
		t.Run(name, func(t *testing.T) {
			alone := l.ends(t, 0, nothing, cli.Done)
			for others, took := range l.ends(t, l.atOnce+8, everything, l.code) {
				if want := alone[others]; took != want {
					t.Errorf("%s was done after %v, without the tenant that throttles after %v", others, took, want)
				}
			}
			beside := l.ends(t, l.atOnce+8, nothing, cli.Done)
			for others, took := range l.ends(t, l.atOnce+8, graphAlone, l.code) {
				if most := beside[others]; took > most {
					t.Errorf("%s was done after %v, where the tenant does not throttle after %v", others, took, most)
				}
			}
		})
	}
}

// ends does the work, with so many accounts of the busy tenant, and tells when
// each account of the other tenants was done.
func (l load) ends(t *testing.T, many int, what throttling, code int) (others map[string]time.Duration) {
	t.Helper()
	others = map[string]time.Duration{}
	synctest.Test(t, func(t *testing.T) {
		e := newEstate(t, what)
		e.accounts(busy, many)
		e.accounts("Contoso", l.atOnce*3/2)
		e.accounts("Fabrikam", l.atOnce*3/2)
		if got := l.run(e); got != code {
			t.Errorf("%s throttled: code %d, want %d", what, got, code)
		}
		if len(e.early) > 0 {
			t.Errorf("%s throttled: earlier than was told came %v", what, e.early)
		}
		if len(e.ended) != many+3*l.atOnce {
			t.Errorf("%s throttled: %d accounts ended", what, len(e.ended))
		}
		for name, end := range e.ended {
			want, ours := l.done, strings.HasPrefix(name, busy)
			if !ours {
				others[name] = end.after
			} else if what != nothing {
				want = l.not
			}
			if end.state != want || end.times != 1 {
				t.Errorf("%s throttled: %s ended %d times, %s; want once, %s", what, name, end.times, end.state, want)
			}
		}
	})
	return others
}

// estate is tenants with accounts of one who looks after them all.
type estate struct {
	*cell
	what throttling
	slow string // id of the tenant that throttles

	mu     sync.Mutex
	tokens map[string]bool      // of that tenant
	told   map[string]time.Time // when it may be asked again, by who asks for what
	early  []string
	began  time.Time
	ended  map[string]ending
}

// ending is how the work on an account ended.
type ending struct {
	state string
	after time.Duration
	times int
}

func newEstate(t *testing.T, what throttling) *estate {
	c := &cell{t: t, cloud: simcloud.New(time.Now), reg: registry.Memory(), ring: newRing()}
	c.cloud.SetLatency(50 * time.Millisecond)
	return &estate{cell: c, what: what, tokens: map[string]bool{}, told: map[string]time.Time{}, ended: map[string]ending{}}
}

// accounts adds a tenant with so many accounts.
func (e *estate) accounts(name string, n int) {
	e.t.Helper()
	domain := strings.ToLower(strings.ReplaceAll(name, " ", "")) + ".onmicrosoft.com"
	tenant := e.cloud.AddTenant(simcloud.TenantSpec{Name: name, Initial: domain, Licensed: true, Reviews: []string{"Guests quarterly"}})
	tenant.SetReplication(0)
	if name == busy {
		e.slow = tenant.ID()
	}
	for i := range n {
		called := account.Name(fmt.Sprintf("%s %03d", name, i))
		app := tenant.Register(string(called))
		k := account.Key{ID: account.KeyID(uuid.NewString()), Store: account.Keyring, Bits: 2048, Stored: true}
		signer := theKeys()[i%len(theKeys())]
		e.ring.keys[shelf{k.Store, k.ID}] = signer
		var err error
		k.Certificate, err = certifier.Certify(signer, "Xops 360", time.Now(), 180*24*time.Hour)
		e.must(err)
		e.must(tenant.Upload(app.ClientID, []byte(k.Certificate.PEM)))
		e.must(tenant.AssignGlobalReader(app.ClientID))
		e.must(tenant.AddPermission(app.ClientID, simcloud.Application, "AccessReview.Read.All"))
		e.must(tenant.GrantConsent(app.ClientID))
		l := account.MicrosoftLink{Tenant: account.TenantID(tenant.ID()), Client: account.ClientID(app.ClientID), Application: account.ObjectID(app.ObjectID)}
		d := account.Draft{ID: account.ID(uuid.NewString()), Name: called, Provider: account.Microsoft, Cloud: account.Global, Keys: []account.Key{k}, Link: l}
		e.must(e.reg.SaveDraft(e.t.Context(), d))
		e.must(e.reg.Finish(e.t.Context(), d.Account(time.Now())))
	}
}

// RoundTrip throttles what the busy tenant is asked, for 20 seconds.
func (e *estate) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	who, until := token+" "+r.URL.Host+r.URL.Path, 20*time.Second
	ours := strings.Contains(r.URL.Path, e.slow) || e.tokens[token]
	throttles := ours && (e.what == everything || e.what == graphAlone && token != "")
	if throttles {
		// What comes in the same moment was sent before the answer was there.
		if now := time.Now(); now.Before(e.told[who]) && now.After(e.told[who].Add(-until)) {
			e.early = append(e.early, who)
		}
		e.told[who] = time.Now().Add(until)
	}
	e.mu.Unlock()
	if throttles {
		body := io.NopCloser(strings.NewReader(`{"error":{"code":"TooManyRequests","message":"Too many requests"}}`))
		return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Content-Type": {"application/json"}, "Retry-After": {"20"}}, Body: body, Request: r}, nil
	}
	resp, err := e.cloud.Client().Transport.RoundTrip(r)
	if err == nil && ours && strings.HasSuffix(r.URL.Path, "/token") {
		err = e.note(resp)
	}
	return resp, err
}

// note remembers the token in an answer.
func (e *estate) note(resp *http.Response) error {
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	resp.Body = io.NopCloser(bytes.NewReader(text))
	var got struct {
		Token string `json:"access_token"`
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	err = json.Unmarshal(text, &got)
	e.tokens[got.Token] = true
	return err
}

// end notes that the work on an account ended.
func (e *estate) end(name account.Name, state string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ended[string(name)] = ending{state, time.Since(e.began), e.ended[string(name)].times + 1}
}

func (e *estate) operations(ctx context.Context) *link.Operations {
	client, err := rest.New(rest.Options{Transport: e, Version: "test"})
	e.must(err)
	p := &running{cell: e.cell}
	return link.New(ctx, link.Ports{Keys: mortalRing{e.ring, p}, Registry: e.reg, Microsoft: entra.New(client, nil), Now: time.Now})
}

// command runs a command of the program.
func (e *estate) command(args ...string) (code int) {
	was := os.Args
	defer func() { os.Args = was }()
	os.Args = append([]string{"xops-onboard"}, args...)
	e.began = time.Now()
	return cli.Execute(e.t.Context(), cli.Ports{Out: results{e}, Open: func(ctx context.Context, _ cli.Start) (cli.World, error) {
		ops := e.operations(ctx)
		known, err := e.reg.Contents(ctx)
		return cli.World{Env: steps.Env{Ops: ops, Known: known.Accounts, Now: time.Now, NewID: uuid.NewString}, Known: known, Close: ops.Close}, err
	}}, io.Discard)
}

// results are the lines that a command writes.
type results struct{ e *estate }

func (r results) Write(line []byte) (int, error) {
	var one struct {
		Step, State string
		Account     struct{ Name account.Name }
	}
	err := json.Unmarshal(line, &one)
	if one.Step == "account-result" {
		r.e.end(one.Account.Name, one.State)
	}
	return len(line), err
}

// home verifies as Home does, and gives the code that the command would end with.
func (e *estate) home() (code int) {
	known, err := e.reg.Contents(e.t.Context())
	e.must(err)
	names, ids := map[account.ID]account.Name{}, []account.ID(nil)
	for _, r := range known.Accounts {
		names[r.ID], ids = r.Name, append(ids, r.ID)
	}
	ops := e.operations(e.t.Context())
	defer ops.Close()
	e.began = time.Now()
	for round := ops.VerifyAll(ids, atHome); ; {
		f, err := round.Next(e.t.Context())
		if errors.Is(err, io.EOF) {
			return code
		}
		e.must(err)
		if f.Asking {
			continue
		}
		if e.end(names[f.ID], string(f.Report.Worst())); f.Report.Worst() == account.Unknown {
			code = cli.Unchecked
		}
	}
}
