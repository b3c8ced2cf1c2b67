package hostile

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Tape has every answer of a run that went well, and plays them again, one of them
// changed: for fuzz targets, which have no time to build a cloud for every try, and
// where what comes before and after the one answer has to be as it is in earnest.
type Tape struct {
	mu      sync.Mutex
	answers []taped
}

// taped is one answer, and by what it is found again.
type taped struct {
	call   string
	status int
	header http.Header
	body   []byte
}

// Change is what is other in an answer than it was in the run that went well.
type Change struct {
	At     int    // which answer, in the order they came, from 1; 0 for every one
	Place  int    // which value in it, from 1; 0 for the whole body
	Status int    // instead of its own; what is no status of an answer leaves that
	Raw    bool   // Text is JSON itself, if it can be, and not a text in JSON
	Text   string // what stands there instead
}

// Changed is a Change of what a fuzz target is given.
func Changed(at uint8, place, status uint16, raw bool, text string) Change {
	return Change{At: int(at), Place: int(place), Status: int(status), Raw: raw, Text: text}
}

// Record is a transport that keeps what next answers.
func (t *Tape) Record(next http.RoundTripper) http.RoundTripper { return &recorder{t, next} }

type recorder struct {
	tape *Tape
	next http.RoundTripper
}

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	call := callOf(q)
	resp, body, err := whole(r.next, q)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	r.tape.mu.Lock()
	defer r.tape.mu.Unlock()
	r.tape.answers = append(r.tape.answers, taped{call, resp.StatusCode, resp.Header.Clone(), body})
	return resp, nil
}

// whole asks, and reads the answer to its end.
func whole(next http.RoundTripper, q *http.Request) (*http.Response, []byte, error) {
	resp, err := next.RoundTrip(q)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// Len is how many answers there are.
func (t *Tape) Len() int { return len(t.answers) }

// Play is a transport that gives the answers again, with that change.
func (t *Tape) Play(c Change) *Player {
	n := len(t.answers) + 1
	c.At = (c.At%n + n) % n
	return &Player{tape: t, change: c, given: map[string]int{}}
}

// Answered has f ask the tape, one answer of which is changed, in a bubble of virtual
// time, and holds that what comes of it is sound, and that it comes to an end by then.
func (t *Tape) Answered(of *testing.T, c Change, longest time.Duration, f func(t *testing.T, way http.RoundTripper) []any) {
	of.Helper()
	synctest.Test(of, func(of *testing.T) {
		p := t.Play(c)
		begun := time.Now()
		all := f(of, p)
		if took := time.Since(begun); took > longest {
			of.Errorf("took %v", took)
		}
		p.Sound(of, all...)
	})
}

// Told holds that a report has that many checks at least, and that each which does not
// hold says why.
func Told(t *testing.T, r account.Report, least int) {
	t.Helper()
	if len(r.Checks) < least {
		t.Errorf("%d checks", len(r.Checks))
	}
	for _, c := range r.Checks {
		if (c.State == account.Holds) != (c.Problem == nil) {
			t.Errorf("%s: %s with %v", c.Name, c.State, c.Problem)
		}
	}
}

// Player plays a tape.
type Player struct {
	tape   *Tape
	change Change

	mu    sync.Mutex
	given map[string]int // of each call how many answers
	asked int
}

// mostAsked is more than any run asks for, however it is answered.
const mostAsked = 3000

// RoundTrip answers as on the tape. A call that is not on it, as to an address
// that came with a changed answer, is answered with the change as well.
func (p *Player) RoundTrip(q *http.Request) (*http.Response, error) {
	if err := q.Context().Err(); err != nil {
		return nil, err
	}
	call := callOf(q)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked++; p.asked > mostAsked {
		return nil, errors.New("asked without an end")
	}
	at, a := p.find(call)
	if a == nil || p.change.At == 0 || at == p.change.At {
		if a == nil {
			a = &taped{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}}
		}
		a = a.changed(p.change)
	}
	return &http.Response{
		StatusCode: a.status, Header: a.header.Clone(), Request: q, ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: int64(len(a.body)),
	}, nil
}

// find is the next answer to a call, the last one again where there are no more.
func (p *Player) find(call string) (at int, found *taped) {
	left := p.given[call]
	for i := range p.tape.answers {
		if p.tape.answers[i].call != call {
			continue
		}
		at, found = i+1, &p.tape.answers[i]
		if left--; left < 0 {
			break
		}
	}
	p.given[call]++
	return at, found
}

// changed is an answer with the change in it, and ids that nobody may show.
func (a *taped) changed(c Change) *taped {
	is := *a
	is.header = a.header.Clone()
	for _, name := range []string{"Request-Id", "X-Ms-Request-Id", "X-Amzn-Requestid"} {
		is.header.Set(name, Short)
	}
	if c.Status >= 200 && c.Status < 600 {
		is.status = c.Status
	}
	is.body = altered(a.body, c)
	return &is
}

// altered is a body with one value of it changed.
func altered(body []byte, c Change) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	switch {
	case c.Place <= 0:
	case d.Decode(&v) == nil:
		n := 0
		visit(v, func(any) any { n++; return nil })
		at := (c.Place-1)%n + 1
		v = visit(v, func(was any) any {
			if at--; at == 0 {
				return value(c)
			}
			return nil
		})
		out, _ := json.Marshal(v) // what was decoded can be encoded
		return out
	case leaf.Match(body):
		n, at := len(leaf.FindAll(body, -1)), 0
		return leaf.ReplaceAllFunc(body, func(found []byte) []byte {
			if at++; at != (c.Place-1)%n+1 {
				return found
			}
			var b strings.Builder
			_ = xml.EscapeText(&b, []byte(c.Text)) // a Builder takes everything
			return []byte("<" + string(leaf.FindSubmatch(found)[1]) + ">" + b.String() + "</")
		})
	}
	return []byte(c.Text)
}

func value(c Change) any {
	if c.Raw && json.Valid([]byte(c.Text)) {
		return json.RawMessage(c.Text)
	}
	return c.Text
}

// visit is v, every value in it exchanged for what f gives for it, if anything.
func visit(v any, f func(any) any) any {
	if is := f(v); is != nil {
		return is
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = visit(v[i], f)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			v[name] = visit(v[name], f)
		}
	}
	return v
}

// callOf is what a call is known by: its address, and of AWS its action.
func callOf(q *http.Request) string {
	call := q.Method + " " + q.URL.Host + q.URL.RequestURI() + " " + q.Header.Get("X-Amz-Target")
	if q.Body == nil || !strings.HasPrefix(q.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return call
	}
	b, err := io.ReadAll(q.Body)
	if err != nil {
		return call
	}
	q.Body = io.NopCloser(bytes.NewReader(b))
	form, _ := url.ParseQuery(string(b))
	return call + form.Get("Action") + " " + form.Get("PolicyArn") + form.Get("RoleName") + form.Get("grant_type")
}

// Sound holds what has to hold of whatever came of answers that are not to be
// trusted: its texts may be shown and have an end, and errors are Problems.
func (p *Player) Sound(t testing.TB, values ...any) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked > mostAsked {
		t.Errorf("%d calls, and no end", p.asked)
	}
	Sound(t, values...)
}

// Sound is that of a Player, for what did not come by a call.
func Sound(t testing.TB, values ...any) {
	t.Helper()
	for _, v := range values {
		err, isError := v.(error)
		if !isError {
			if text, found := Kept(In(v)); found {
				t.Errorf("%.300q is kept of %T", text, v)
			}
			continue
		}
		var known *account.Problem
		if !errors.As(err, &known) {
			t.Errorf("%T is no problem of ours: %v", err, err)
			continue
		}
		if text, found := Kept(In(known)); found || !account.Clear(err.Error()) {
			t.Errorf("%.300q is kept of a problem, %.300q", text, err.Error())
		}
	}
}

// Seeds adds changes of the first answers of a tape: texts of others and values of
// other types in some of its places, refusals, in turn so that there are not too many,
// and bodies that look like the real ones.
func Seeds(f *testing.F, answers int, bodies ...string) {
	f.Helper()
	texts := []string{"null", "[]", "{}", "-1", "99999999999999999999", `"2026-13-45T99:99:99Z"`, "true", `[[{"id":[]}]]`}
	statuses := []uint16{204, 302, 400, 401, 403, 404, 407, 409, 429, 500}
	f.Add(uint8(1), uint16(0), uint16(0), false, "")
	for at := range answers + 1 {
		f.Add(uint8(at), uint16(2*at), uint16(0), false, All)
		for i := range 3 {
			n := 3*at + i
			f.Add(uint8(at), uint16(n), uint16(0), true, texts[n%len(texts)])
			f.Add(uint8(at), uint16(0), statuses[n%len(statuses)], false, `{"error":{"code":`+JSON(Short)+`,"message":`+JSON(Short)+`}}`)
		}
		for i, body := range bodies {
			f.Add(uint8(at), uint16(0), uint16(0), false, body)
			if i == at%len(bodies) {
				f.Add(uint8(at), uint16(0), uint16(403), false, body)
			}
		}
	}
}
