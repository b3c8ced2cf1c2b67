package simcloud

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// query is the OData options of one read.
// Source: learn.microsoft.com/graph/query-parameters.
type query struct {
	sel     []string // nil: the default properties
	expand  string
	top     int // 0: a whole page
	skip    int
	order   string
	desc    bool
	filters map[string]string // property to the value it must have
	tag     string            // one of the tags
	count   bool
}

// reading is what a route takes of options.
type reading struct {
	typ     string
	options string   // names of options, separated by blanks
	filter  []string // properties that can be filtered by; a leading # marks a GUID, which stands without quotes
	expand  []string
	order   []string
}

const pageSize = 100

// parse reads the options, and refuses what the route does not take.
func (rd reading) parse(raw string) (query, *graphError) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return query{}, badQuery("The query is malformed.")
	}
	q := query{filters: map[string]string{}}
	for name, vs := range values {
		option := strings.ToLower(name)
		if !slices.Contains(strings.Fields(rd.options), option) {
			return query{}, badQuery("The query parameter '%s' is not supported.", name)
		}
		if len(vs) > 1 {
			return query{}, badQuery("Query option '%s' was specified more than once, but it must be specified at most once.", name)
		}
		if e := q.take(rd, option, vs[0]); e != nil {
			return query{}, e
		}
	}
	return q, nil
}

func (q *query) take(rd reading, option, value string) *graphError {
	switch option {
	case "$select":
		return q.takeSelect(rd.typ, value)
	case "$expand":
		if !slices.Contains(rd.expand, value) {
			return badQuery("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.", value, rd.typ)
		}
		q.expand = value
	case "$top", "$skip":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || (option == "$top" && (n == 0 || n > 999)) {
			return badQuery("Invalid value '%s' for %s query option found.", value, option)
		}
		if option == "$top" {
			q.top = n
		} else {
			q.skip = n
		}
	case "$orderby":
		property, direction, _ := strings.Cut(value, " ")
		if !slices.Contains(rd.order, property) || (direction != "" && direction != "asc" && direction != "desc") {
			return badQuery("Could not find a property named '%s' on type 'microsoft.graph.%s'.", property, rd.typ)
		}
		q.order, q.desc = property, direction == "desc"
	case "$count":
		if value != "true" && value != "false" {
			return badQuery("Invalid value '%s' for $count query option found.", value)
		}
		q.count = value == "true"
	case "$filter":
		if tag, ok := tagFilter(value); ok && declares(rd.typ, "tags") {
			q.tag = tag
			return nil
		}
		return q.takeFilter(rd, value)
	case "$skiptoken":
		at, err := pageAt(value)
		if err != nil {
			return badQuery("The skip token is not valid.")
		}
		q.skip = at
	}
	return nil
}

var anyTag = account.Lazily(`^tags/any\((\w+): ?(\w+) eq ('(?:[^']|'')*')\)$`)

// tagFilter reads "tags/any(t:t eq 'value')".
func tagFilter(s string) (string, bool) {
	m := anyTag().FindStringSubmatch(s)
	if m == nil || m[1] != m[2] {
		return "", false
	}
	value, _, ok := literal(m[3], true)
	return value, ok
}

// skipToken is the place a page begins at, as a client cannot read it.
func skipToken(at int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("page " + strconv.Itoa(at)))
}

func pageAt(token string) (int, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(string(b), "page "), 10, 31)
	return int(n), err
}

func (q *query) takeSelect(typ, value string) *graphError {
	if value == "*" {
		return nil
	}
	for _, property := range strings.Split(value, ",") {
		property = strings.TrimSpace(property)
		if property == "" {
			return badQuery("Parsing OData Select and Expand failed: An identifier was expected at position 0.")
		}
		if !declares(typ, property) {
			return badQuery("Parsing OData Select and Expand failed: Could not find a property named '%s' on type 'microsoft.graph.%s'.", property, typ)
		}
		q.sel = append(q.sel, property)
	}
	return nil
}

// takeFilter reads "property eq value" joined by "and", which is all these
// routes take.
func (q *query) takeFilter(rd reading, value string) *graphError {
	invalid := badQuery("Invalid filter clause: %s", value)
	for rest := value; ; {
		property, after, ok := strings.Cut(strings.TrimLeft(rest, " "), " eq ")
		if !ok || strings.ContainsAny(property, " '()") {
			return invalid
		}
		isText := slices.Contains(rd.filter, property)
		if !isText && !slices.Contains(rd.filter, "#"+property) {
			if !declares(rd.typ, property) {
				return badQuery("Invalid filter clause: Could not find a property named '%s' on type 'microsoft.graph.%s'.", property, rd.typ)
			}
			return problem(http.StatusBadRequest, "Request_UnsupportedQuery", fmt.Sprintf("Unsupported or invalid query filter clause specified for property '%s' of resource '%s'.", property, rd.typ))
		}
		literal, next, ok := literal(strings.TrimLeft(after, " "), isText)
		if !ok {
			return invalid
		}
		if had, twice := q.filters[property]; twice && had != literal {
			return invalid
		}
		q.filters[property] = literal
		if rest, ok = strings.CutPrefix(next, " and "); !ok {
			if strings.TrimSpace(next) != "" {
				return invalid
			}
			return nil
		}
	}
}

// literal reads a text in single quotes, two of them standing for one, or a
// bare GUID, and returns what follows.
func literal(s string, isText bool) (value, rest string, ok bool) {
	if !isText {
		if len(s) < 36 || !isGUID(s[:36]) {
			return "", "", false
		}
		return strings.ToLower(s[:36]), s[36:], true
	}
	if !strings.HasPrefix(s, "'") {
		return "", "", false
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			i++
			continue
		}
		return strings.ReplaceAll(s[1:i], "''", "'"), s[i+1:], true
	}
	return "", "", false
}

// keeps tells whether an object passes the filters.
func (q query) keeps(o object) bool {
	for property, value := range q.filters {
		if s, _ := o[property].(string); !strings.EqualFold(s, value) {
			return false
		}
	}
	if tags, ok := o["tags"].([]string); q.tag != "" && (!ok || !slices.Contains(tags, q.tag)) {
		return false
	}
	return true
}

// shape is the object with the selected properties, or all it has.
func (q query) shape(o object) object {
	if q.sel == nil {
		return o
	}
	shaped := object{}
	for _, property := range q.sel {
		shaped[property] = o[property] // declared and without a value: null
	}
	if q.expand != "" {
		shaped[q.expand] = o[q.expand]
	}
	return shaped
}

// context is the end of the @odata.context address.
func (q query) context() string {
	parts := slices.Clone(q.sel)
	if q.expand != "" {
		parts = append(parts, q.expand+"()")
	}
	if parts == nil {
		return ""
	}
	return "(" + strings.Join(parts, ",") + ")"
}

// selects tells whether a property was named.
func (q query) selects(property string) bool { return slices.Contains(q.sel, property) }
