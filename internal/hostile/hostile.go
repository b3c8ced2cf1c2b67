// Package hostile is for tests: texts that a cloud, a file or a clipboard may bring
// and no terminal may get, ways to put them into values and answers, and looks at
// what came out.
package hostile

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/axiomio/xops-onboard/account"
)

// Mark stands inside of every sequence of Texts, and in none of what is to be read
// of them: where it is seen, a sequence came through.
const Mark = "h0st1le"

// Texts are hostile, each in a way of its own. All have "Con" and "toso" around it.
var Texts = []string{
	"Con\x1b[38;2;1;2;3mtoso", "Con\x1b[8mtoso", "Con\x1b[2J\x1b[Htoso", "Con\x1bctoso", "Con\x1b", "Con\x1b[",
	"Con\x1b]52;c;" + Mark + "\x07toso", "Con\x1b]52;c;" + Mark + "\x1b\\toso", "Con\x1b]0;" + Mark + "\x07toso", "Con\x1b]52;c;" + Mark,
	"Con\x1b]8;;http://" + Mark + "\x07toso\x1b]8;;\x07", "\x07\x1b]52;c;" + Mark + "\x07Contoso",
	"Con\x1bP" + Mark + "\x1b\\toso", "Con\x1bPtmux;\x1b\x1b]52;c;" + Mark + "\x07\x1b\\toso", "Con\x1b_G" + Mark + "\x1b\\toso", "Con\x1b^" + Mark + "\x1b\\toso", "Con\x1bX" + Mark + "\x1b\\toso",
	"Con\u009b2Jtoso", "Con\u009d52;c;" + Mark + "\u009ctoso", "Con\u0090" + Mark + "\u009ctoso", "Con\u009f" + Mark + "\u009ctoso", "Con\u0085toso",
	"Con\u202etoso", "Con\u2066toso\u2069", "Con\u200f\u061ctoso", "Con\u200btoso", "Con\u00adtoso", "Con\U000e0041toso", "Con\ufe0ftoso", "Con\ue000toso", "Con\u2028toso",
	"Con\x00toso", "Con\x7ftoso", "Con\btoso", "Con\r\ntoso", "Con\n\n\n\ntoso", "Con\ttoso", "Con\xff\xfe\xc2toso",
	"Con" + strings.Repeat("\u0301", 60) + "toso", "Con" + strings.Repeat("toso ", 2000), "Con" + strings.Repeat("漢", 3000),
}

// All is every text of Texts in one, and a token with what nobody sees in it.
var All = strings.Join(Texts, "") + " ey\u200bJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"

// Short is All without what is only long.
var Short = strings.Join(Texts[:len(Texts)-2], "")

// Kept looks at texts that a program keeps of what others wrote, and is the first that
// it should not: one that is not clear, that has no end, or that has a token in it.
func Kept(texts []string) (text string, found bool) {
	for _, s := range texts {
		if !account.Clear(s) || utf8.RuneCountInString(s) > longest || strings.Contains(s, "eyJhbGci") {
			return s, true
		}
	}
	return "", false
}

// longest is more than any text of others that is kept.
const longest = 2500

// Raw is what of a terminal's stream no text may have put there; empty for nothing.
// What the program's own renderer writes, as colours, titles and moves of the cursor,
// is none of it.
func Raw(stream string) string {
	if i := strings.Index(stream, Mark); i >= 0 {
		return around(stream, i)
	}
	for i, r := range stream {
		c1 := r >= 0x80 && r < 0xa0
		if c1 || r > 0x7f && r != ' ' && !account.Clear(string(r)) && r != '\u00a0' {
			return around(stream, i)
		}
	}
	if at := never.FindStringIndex(stream); at != nil {
		return around(stream, at[0])
	}
	return ""
}

// never is the colour of Texts, hiding, a whole reset, and NUL.
var never = regexp.MustCompile("38;2;1;2;3|\x1b\\[(?:[0-9;]*;)?8m|\x1bc|\x00")

func around(s string, i int) string {
	return strings.ToValidUTF8(s[max(0, i-20):min(len(s), i+20)], "?")
}

// Lines looks at what was written as lines of text, without colours: it is every
// character that a terminal does not just show, line ends apart.
func Lines(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if i := strings.Index(line, Mark); i >= 0 {
			return around(line, i)
		}
		for i, r := range line {
			if r != ' ' && r != '\u00a0' && !account.Clear(string(r)) {
				return around(line, i)
			}
		}
		if !utf8.ValidString(line) {
			return line
		}
	}
	return ""
}

// In are all texts in values, however deep: fields that are exported, and of a
// certificate in PEM its lines.
func In(values ...any) (all []string) {
	for _, v := range values {
		all = append(all, in(reflect.ValueOf(v))...)
	}
	return all
}

func in(v reflect.Value) (all []string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			all = in(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			all = append(all, in(v.Index(i))...)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			all = append(append(all, in(k)...), in(v.MapIndex(k))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch f := v.Type().Field(i); {
			case f.Name == "PEM":
				all = append(all, strings.Split(v.Field(i).String(), "\n")...)
			case f.Name == "Err", f.Name == "Body": // for the log, and of several lines
			case f.IsExported():
				all = append(all, in(v.Field(i))...)
			}
		}
	case reflect.String:
		all = append(all, v.String())
	}
	return all
}

// Fill puts a text into every text of what into points to, and one element into
// every list. What In cannot look through fails the test.
func Fill(t testing.TB, into any, text string) {
	t.Helper()
	fill(t, reflect.ValueOf(into).Elem(), text)
}

func fill(t testing.TB, v reflect.Value, text string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type() != reflect.TypeFor[time.Time]() {
				fill(t, v.Field(i), text)
			}
		}
	case reflect.String:
		v.SetString(text)
	case reflect.Map, reflect.Array, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		t.Errorf("%v cannot be filled", v.Type())
	}
}
