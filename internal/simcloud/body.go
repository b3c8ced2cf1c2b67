package simcloud

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// body is the JSON object of a write, by property.
type body map[string]json.RawMessage

// body reads one and holds it against the declaration of its type. The texts
// for values of the wrong type differ between Graph's workloads.
// Source: learn.microsoft.com/graph/errors; texts as public reports have them.
func (g *call) body(typ string) (body, *graphError) {
	b, e := g.jsonObject()
	if e != nil {
		return nil, e
	}
	return b, b.check(typ)
}

func (g *call) jsonObject() (body, *graphError) {
	mediaType, _, _ := mime.ParseMediaType(g.r.Header.Get("Content-Type"))
	if mediaType == "" {
		return nil, badQuery("Write requests (excluding DELETE) must contain the Content-Type header declaration.")
	}
	if mediaType != "application/json" {
		return nil, badQuery("Entity only allows writes with a JSON Content-Type header.")
	}
	text, err := io.ReadAll(g.r.Body)
	var b body
	if err != nil || json.Unmarshal(text, &b) != nil || b == nil {
		return nil, badQuery("Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.")
	}
	return b, nil
}

// check refuses properties that the type does not have, and values that are
// none of the property's.
func (b body) check(typ string) *graphError {
	for _, name := range b.names() {
		if kind := strings.TrimPrefix(name, "@odata."); kind != name {
			s, _ := text(b, name)
			if kind != "type" || s != "#microsoft.graph."+typ {
				return badQuery("The annotation '%s' is not valid for a value of type 'microsoft.graph.%s'.", name, typ)
			}
			continue
		}
		all, _ := declarations.find(typ)
		declared, ok := all.find(name)
		if !ok {
			return badRequestBody("Invalid property '%s'.", name)
		}
		if e := checkValue(name, declared, b[name]); e != nil {
			return e
		}
	}
	return nil
}

// names are in order, so that the same body is always refused for the same reason.
func (b body) names() []string {
	var all []string
	for n := range b {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

var duration = account.Lazily(`^-?P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$`)

// checkValue holds a value against the type it must have.
func checkValue(name, declared string, raw json.RawMessage) *graphError {
	typ, never := strings.CutSuffix(declared, "!")
	if string(raw) == "null" {
		if never {
			return badQuery("A null value was found for the property named '%s', which has the expected type '%s[Nullable=False]'. The expected type '%s[Nullable=False]' does not allow null values.", name, typ, typ)
		}
		return nil
	}
	if of, ok := strings.CutPrefix(typ, "Collection("); ok {
		var all []json.RawMessage
		if json.Unmarshal(raw, &all) != nil {
			return notOfType(name, typ)
		}
		for _, one := range all {
			if e := checkValue(name, strings.TrimSuffix(of, ")")+"!", one); e != nil {
				return e
			}
		}
		return nil
	}
	if complex, ok := strings.CutPrefix(typ, "graph."); ok {
		return checkComplex(name, complex, raw)
	}
	if !isPrimitive(typ, raw) {
		return notOfType(name, typ)
	}
	return nil
}

func notOfType(name, typ string) *graphError {
	return badQuery("Cannot convert the value of property '%s' to the expected type '%s'.", name, typ)
}

// checkComplex looks into a value whose type is declared here.
func checkComplex(name, typ string, raw json.RawMessage) *graphError {
	var inner body
	if json.Unmarshal(raw, &inner) != nil || inner == nil {
		return notOfType(name, "graph."+typ)
	}
	if _, ok := declarations.find(typ); !ok {
		return nil
	}
	return inner.check(typ)
}

func isPrimitive(typ string, raw json.RawMessage) bool {
	var s string
	isText := json.Unmarshal(raw, &s) == nil
	switch typ {
	case "Edm.String":
		return isText
	case "Edm.Guid":
		return isText && isGUID(s)
	case "Edm.DateTimeOffset":
		_, err := time.Parse(time.RFC3339Nano, s)
		return isText && err == nil
	case "Edm.Binary":
		_, ok := decodeBinary(s)
		return isText && ok
	case "Edm.Duration":
		return isText && duration().MatchString(s) && !strings.HasSuffix(s, "P") && !strings.HasSuffix(s, "T")
	case "Edm.Boolean":
		return string(raw) == "true" || string(raw) == "false"
	case "Edm.Int32":
		var n int32
		return json.Unmarshal(raw, &n) == nil
	}
	return false // a stream is not written like this
}

// decodeBinary decodes standard base64; line ends inside are put up with.
func decodeBinary(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}

// str is the text of a property; null and absent are empty.
func (b body) str(name string) string {
	s, _ := text(b, name)
	return s
}

// into decodes a property that was checked.
func (b body) into(name string, v any) *graphError {
	if json.Unmarshal(b[name], v) != nil {
		return notOfType(name, "the declared one")
	}
	return nil
}

// require refuses a body without one of the properties.
func (b body) require(resource string, names ...string) *graphError {
	for _, n := range names {
		if b.str(n) == "" {
			return badRequestBody("A value is required for property '%s' of resource '%s'.", n, resource)
		}
	}
	return nil
}

// notPlayed is for what the real service does and this one does not yet.
func (g *call) notPlayed(what string) *graphError {
	return problem(http.StatusNotImplemented, "NotImplemented", "The simulated cloud does not play this yet: "+what)
}
