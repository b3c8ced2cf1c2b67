package rest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// Refusal is a service that said no, in its own words. All texts are cleaned.
type Refusal struct {
	Answer
	Code    string   // the outermost code, empty where the service sent none
	Codes   []string // every code in the body, outermost first
	Message string   // its own first sentence
	Text    string   // its whole message, at most 500 characters
}

// Error is the status, code and message.
func (r *Refusal) Error() string {
	return strings.TrimSpace(http.StatusText(r.Status) + " " + r.Code + " " + r.Message)
}

// Problem is the refusal as a Problem of that kind.
func (r *Refusal) Problem(kind account.Kind) *account.Problem {
	return &account.Problem{
		Kind: kind, Code: r.Code, Message: r.Message, Status: r.Status,
		RequestID: r.RequestID, CorrelationID: r.ClientRequestID, Wait: r.Wait, ServerTime: r.Date,
	}
}

// Has tells whether one of the codes in the body is code, in any case of letters.
func (r *Refusal) Has(code string) bool {
	for _, c := range r.Codes {
		if strings.EqualFold(c, code) {
			return true
		}
	}
	return false
}

// Sentence is the first sentence of a message.
func Sentence(s string) string {
	if i := strings.IndexAny(s, "\r\n"); i > 0 {
		s = s[:i]
	}
	if i := strings.Index(s, ". "); i > 0 {
		s = s[:i+1]
	}
	return s
}

// readRefusal reads the error body of a service. The usual form is
// {"error":{"code","message","details":[…],"innerError":{…}}}; older paths
// have other spellings, texts as objects {"lang","value"}, or a bare string.
// What cannot be read is left empty. Source: learn.microsoft.com/graph/errors.
func readRefusal(a Answer, body []byte) *Refusal {
	r := &Refusal{Answer: a}
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil {
		return r
	}
	r.read(top, 0)
	r.say(text(field(top, "error_description")))
	if len(r.Codes) > 0 {
		r.Code = r.Codes[0]
	}
	return r
}

// say keeps the first message there is. Its first sentence may end with the
// line, so it is found before the text is cleaned.
func (r *Refusal) say(raw string) {
	if r.Text == "" {
		r.Text, r.Message = Text(raw, 500), Text(Sentence(raw), 200)
	}
}

// deepest is how far nested errors are followed.
const deepest = 6

func (r *Refusal) read(m map[string]json.RawMessage, depth int) {
	if depth > deepest {
		return
	}
	if code := Text(text(field(m, "code")), 100); code != "" && len(r.Codes) < 20 {
		r.Codes = append(r.Codes, code)
	}
	r.say(text(field(m, "message")))
	for _, name := range []string{"error", "odata.error", "innerError", "details"} {
		raw := field(m, name)
		var one map[string]json.RawMessage
		var many []map[string]json.RawMessage
		switch {
		case json.Unmarshal(raw, &one) == nil:
			r.read(one, depth+1)
		case json.Unmarshal(raw, &many) == nil:
			for _, one := range many {
				r.read(one, depth+1)
			}
		case name == "error" && len(r.Codes) == 0:
			if code := Text(text(raw), 100); code != "" {
				r.Codes = append(r.Codes, code)
			}
		}
	}
}

// field is a property by name, in any case of letters: both innerError and
// innererror are sent.
func field(m map[string]json.RawMessage, name string) json.RawMessage {
	if raw, ok := m[name]; ok {
		return raw
	}
	for k, raw := range m {
		if strings.EqualFold(k, name) {
			return raw
		}
	}
	return nil
}

// text is a JSON string, number or {"value": string}; else empty.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	var o struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(raw, &o) == nil {
		return o.Value
	}
	return ""
}
