package simaws

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// namespaces are those of the Query services' answers.
var namespaces = map[service]string{
	sts:       "https://sts.amazonaws.com/doc/2011-06-15/",
	iam:       "https://iam.amazonaws.com/doc/2010-05-08/",
	formation: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
	ec2:       "http://ec2.amazonaws.com/doc/2016-11-15/",
}

// tag is an element around what is XML already.
func tag(name string, inner ...string) string {
	return "<" + name + ">" + strings.Join(inner, "") + "</" + name + ">"
}

func namespaced(name, space, inner string) string {
	return "<" + name + ` xmlns="` + space + `">` + inner + "</" + name + ">\n"
}

// text is an element with text.
func text(name, s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return tag(name, b.String())
}

// given is text, and nothing where there is none.
func given(name, s string) string {
	if s == "" {
		return ""
	}
	return text(name, s)
}

func boolean(name string, v bool) string { return text(name, strconv.FormatBool(v)) }

func moment(name string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return text(name, stamp(t))
}

// stamp is a time as the services write it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// members is a list of the Query protocol.
func members(name string, items []string) string {
	var b strings.Builder
	for _, item := range items {
		b.WriteString(tag("member", item))
	}
	return tag(name, b.String())
}

// plain escapes text that becomes a member by itself.
func plain(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
