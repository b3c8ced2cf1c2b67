package hostile

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Spoiler is a transport that puts a text into one place of the answers, and counts
// the places. With none it only counts.
type Spoiler struct {
	Next http.RoundTripper
	Text string // is appended to what stands there, or with Instead takes its place
	At   int    // which place, from 1; 0 for none

	Instead bool

	mu     sync.Mutex
	places map[string]int // by what names one: that of the first time counts
}

// Places is how many there were.
func (s *Spoiler) Places() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.places)
}

// Place names a place that there was.
func (s *Spoiler) Place(at int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, n := range s.places {
		if n == at {
			return name
		}
	}
	return "none"
}

// is is the text with which a place is to be answered.
func (s *Spoiler) is(place, was string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.places == nil {
		s.places = map[string]int{}
	}
	n, seen := s.places[place]
	if !seen {
		n = len(s.places) + 1
		s.places[place] = n
	}
	switch {
	case n != s.At:
		return was
	case s.Instead:
		return s.Text
	}
	return was + s.Text
}

// RoundTrip asks, and spoils the answer.
func (s *Spoiler) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, body, err := whole(s.Next, r)
	if err != nil {
		return nil, err
	}
	body = s.spoil(r.Method+" "+shape.ReplaceAllString(r.URL.Path, "{}")+" "+r.Header.Get("X-Amz-Target"), body)
	for _, name := range []string{"Request-Id", "X-Amzn-Requestid"} {
		if v := resp.Header.Get(name); v != "" {
			resp.Header.Set(name, s.is("header "+name, v))
		}
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// shape is what differs from run to run in an address.
var shape = regexp.MustCompile(`[0-9a-fA-F-]{20,}`)

func (s *Spoiler) spoil(at string, body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) == nil {
		out, _ := json.Marshal(s.json(at, v)) // what was decoded can be encoded
		return out
	}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return s.xml(at, body)
	}
	return body
}

func (s *Spoiler) json(at string, v any) any {
	switch v := v.(type) {
	case string:
		return s.is(at, v)
	case []any:
		for i := range v {
			v[i] = s.json(at+"/"+strconv.Itoa(min(i, 2)), v[i])
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			v[name] = s.json(at+"/"+name, v[name])
		}
	}
	return v
}

// leaf is an element with text in it alone.
var leaf = regexp.MustCompile(`<([A-Za-z]+)>([^<>]*)</`)

// xml spoils texts with what XML can hold: no control characters but C1 and line ends.
func (s *Spoiler) xml(at string, body []byte) []byte {
	return leaf.ReplaceAllFunc(body, func(found []byte) []byte {
		m := leaf.FindSubmatch(found)
		name, was := string(m[1]), string(m[2])
		is := s.is(at+" <"+name+">", was)
		if is == was {
			return found
		}
		var b strings.Builder
		if !s.Instead {
			b.WriteString(was)
			is = is[len(was):]
		}
		_ = xml.EscapeText(&b, []byte(is)) // a Builder takes everything
		return []byte("<" + name + ">" + b.String() + "</")
	})
}

// Every runs f once for every text of the answers that it gets, with that one text
// hostile, at its end or in its place, and looks at what f gives: values that hold
// what was kept of the answers. There are least such texts, or the test is none.
func Every(t *testing.T, least int, f func(*Spoiler) []any) {
	t.Helper()
	count := &Spoiler{}
	f(count)
	if count.Places() < least {
		t.Fatalf("%d texts in the answers, want %d at least", count.Places(), least)
	}
	for at := 1; at <= count.Places(); at++ {
		s := &Spoiler{Text: All, At: at, Instead: at%2 == 0}
		if text, found := Kept(In(f(s)...)); found {
			t.Errorf("%s: %.300q is kept", s.Place(at), text)
		}
	}
}

// JSON is a text as JSON.
func JSON(text string) string {
	b, _ := json.Marshal(text) // of a text it cannot fail
	return string(b)
}
