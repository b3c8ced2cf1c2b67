package simaws

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// operators are the operators of conditions, with the one each negates, and how
// one value is compared.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
var operators = sync.OnceValue(func() map[string]operator {
	return map[string]operator{
		"StringEquals":              {false, same},
		"StringNotEquals":           {true, same},
		"StringEqualsIgnoreCase":    {false, strings.EqualFold},
		"StringNotEqualsIgnoreCase": {true, strings.EqualFold},
		"StringLike":                {false, like},
		"StringNotLike":             {true, like},
		"ArnEquals":                 {false, likeARN},
		"ArnLike":                   {false, likeARN},
		"ArnNotEquals":              {true, likeARN},
		"ArnNotLike":                {true, likeARN},
		"Bool":                      {false, strings.EqualFold},
		"NumericEquals":             {false, numeric(func(a, b float64) bool { return a == b })},
		"NumericNotEquals":          {true, numeric(func(a, b float64) bool { return a == b })},
		"NumericLessThan":           {false, numeric(func(a, b float64) bool { return a < b })},
		"NumericLessThanEquals":     {false, numeric(func(a, b float64) bool { return a <= b })},
		"NumericGreaterThan":        {false, numeric(func(a, b float64) bool { return a > b })},
		"NumericGreaterThanEquals":  {false, numeric(func(a, b float64) bool { return a >= b })},
		"DateEquals":                {false, dates(func(a, b time.Time) bool { return a.Equal(b) })},
		"DateNotEquals":             {true, dates(func(a, b time.Time) bool { return a.Equal(b) })},
		"DateLessThan":              {false, dates(time.Time.Before)},
		"DateLessThanEquals":        {false, dates(func(a, b time.Time) bool { return !a.After(b) })},
		"DateGreaterThan":           {false, dates(time.Time.After)},
		"DateGreaterThanEquals":     {false, dates(func(a, b time.Time) bool { return !a.Before(b) })},
		// No address is known of a caller, so that these compare nothing.
		"IpAddress":    {false, never},
		"NotIpAddress": {true, never},
		"BinaryEquals": {false, same},
	}
})

// operator is how an operator judges one value.
type operator struct {
	negated bool
	equal   func(have, want string) bool
}

func same(have, want string) bool { return have == want }
func like(have, want string) bool { return wildcard(want, have) }
func never(string, string) bool   { return false }

// likeARN compares part by part, so that no * reaches over a colon.
func likeARN(have, want string) bool {
	h, w := strings.SplitN(have, ":", 6), strings.SplitN(want, ":", 6)
	if len(h) != 6 || len(w) != 6 {
		return false
	}
	for i := range h {
		if !wildcard(w[i], h[i]) {
			return false
		}
	}
	return true
}

func numeric(f func(a, b float64) bool) func(have, want string) bool {
	return func(have, want string) bool {
		a, errA := strconv.ParseFloat(have, 64)
		b, errB := strconv.ParseFloat(want, 64)
		return errA == nil && errB == nil && f(a, b)
	}
}

func dates(f func(a, b time.Time) bool) func(have, want string) bool {
	return func(have, want string) bool {
		a, okA := moments(have)
		b, okB := moments(want)
		return okA && okB && f(a, b)
	}
}

// moments reads a date as conditions have it.
func moments(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0), true
	}
	for _, form := range []string{time.RFC3339, "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func parseConditions(in map[string]map[string]json.RawMessage) ([]condition, bool) {
	var all []condition
	for operator, keys := range in {
		c := condition{operator: operator}
		if q, rest, ok := strings.Cut(operator, ":"); ok {
			if q != "ForAllValues" && q != "ForAnyValue" {
				return nil, false
			}
			c.quantity, c.operator = q, rest
		}
		c.operator, c.ifExists = strings.CutSuffix(c.operator, "IfExists")
		if _, ok := operators()[c.operator]; !ok && (c.operator != "Null" || c.ifExists) {
			return nil, false
		}
		for key, raw := range keys {
			values, ok := oneOrMore[any](raw)
			if !ok {
				return nil, false
			}
			one := c
			one.key, one.values = strings.ToLower(key), nil
			for _, v := range values {
				switch v.(type) {
				case string, bool, float64:
					one.values = append(one.values, fmt.Sprint(v))
				default:
					return nil, false
				}
			}
			all = append(all, one)
		}
	}
	return all, true
}

// holds tells whether a condition is met. One whose key is not known is not met,
// but for those that say otherwise: IfExists, ForAllValues, Null and what is
// negated.
func (c condition) holds(context map[string][]string) bool {
	have, known := context[c.key]
	if c.operator == "Null" {
		return len(c.values) == 1 && strings.EqualFold(c.values[0], strconv.FormatBool(!known))
	}
	op := operators()[c.operator]
	if !known || len(have) == 0 {
		return c.ifExists || op.negated || c.quantity == "ForAllValues"
	}
	for _, h := range have {
		hit := false
		for _, want := range c.values {
			hit = hit || op.equal(h, fill(want, context))
		}
		fits := hit != op.negated
		switch {
		case c.quantity == "ForAnyValue" && fits:
			return true
		case c.quantity != "ForAnyValue" && !fits:
			return false
		}
	}
	return c.quantity != "ForAnyValue"
}
