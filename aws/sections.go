package aws

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// This file reads the configuration file and the credentials file of the AWS CLI
// and the SDKs as the AWS SDK for Go does, which the tests compare it with.
// Source: docs.aws.amazon.com/sdkref/latest/guide/file-format.html.

// filesMost is how large a file may be that is read here.
const filesMost = 4 << 20

// The sections of the configuration file that are kept, beside "default".
const (
	profilePrefix  = "profile "
	sessionPrefix  = "sso-session "
	servicesPrefix = "services "
)

const (
	keyID     = "aws_access_key_id"
	keySecret = "aws_secret_access_key"
	keyToken  = "aws_session_token"
)

// value is what stands behind a key: a text, or values of its own that are
// indented below it.
type value struct {
	text   string
	nested map[string]string
}

// section is a section by its keys, in small letters. It may hold secrets.
type section struct {
	values map[string]value
	half   bool // half of a key pair stands in it
}

// Format hides what is in it, for every verb.
func (section) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "section") }

func (s section) has(key string) bool {
	_, ok := s.values[key]
	return ok
}

func (s section) text(key string) string { return s.values[key].text }

// sections reads the sections of a file. What is no line of such a file is passed
// over; of a key that stands twice in sections of one name the last holds.
func sections(text string) map[string]section {
	r := sectionReader{all: map[string]section{}}
	for line := range strings.SplitSeq(text, "\n") {
		r.read(line)
	}
	for name, s := range r.all {
		s.half = s.has(keyID) != s.has(keySecret)
		r.all[name] = s
	}
	return r.all
}

// sectionReader is where the reading of a file has come to.
type sectionReader struct {
	all  map[string]section
	into map[string]value // nil outside of sections
	key  string           // what indented lines belong to
}

func (r *sectionReader) read(line string) {
	plain := strings.TrimLeft(line, " \t")
	name, opens := sectionName(line)
	switch {
	case strings.TrimSpace(line) == "", plain[0] == '#', plain[0] == ';':
	case opens:
		r.open(name)
	case len(plain) < len(line):
		r.indented(plain)
	default:
		if key, v, ok := keyAndValue(strings.TrimRight(uncommented(line), " \t")); ok {
			r.set(key, v)
		}
	}
}

func (r *sectionReader) open(name string) {
	r.into, r.key = nil, ""
	if name == "" {
		return
	}
	if _, ok := r.all[name]; !ok {
		r.all[name] = section{values: map[string]value{}}
	}
	r.into = r.all[name].values
}

func (r *sectionReader) set(key, text string) {
	if r.into != nil {
		r.key, r.into[key] = key, value{text: text}
	}
}

// indented reads a line that belongs to the key before it: below an empty value
// it is a value of its own, below another the text goes on. A value where there
// is nothing to belong to is one of the section.
func (r *sectionReader) indented(plain string) {
	key, text, ok := keyAndValue(plain)
	before := r.into[r.key]
	switch {
	case r.into == nil:
	case ok && (r.key == "" || before.text != ""):
		r.set(key, strings.TrimSpace(uncommented(text)))
	case ok:
		if before.nested == nil {
			before.nested = map[string]string{}
		}
		before.nested[key] = text
		r.into[r.key] = before
	case r.key != "" && before.text != "":
		before.text += "\n" + plain
		r.into[r.key] = before
	}
}

// sectionName reads "[kind name] ; comment", with one blank after the kind.
func sectionName(line string) (string, bool) {
	line, _, _ = strings.Cut(line, "#")
	line, _, _ = strings.Cut(line, ";")
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "[") || !strings.HasSuffix(line, "]") {
		return "", false
	}
	name := strings.TrimSpace(line[1 : len(line)-1])
	if i := strings.IndexAny(name, " \t"); i > 0 {
		name = name[:i] + " " + strings.TrimLeft(name[i:], " \t")
	}
	return name, true
}

// keyAndValue reads "key = value" or "key: value", without one pair of quotes.
func keyAndValue(s string) (key, text string, ok bool) {
	i := strings.IndexAny(s, "=:")
	if i < 0 {
		return "", "", false
	}
	text = strings.TrimSpace(s[i+1:])
	if n := len(text); n > 1 && text[0] == text[n-1] && (text[0] == '\'' || text[0] == '"') {
		text = text[1 : n-1]
	}
	return strings.ToLower(strings.TrimSpace(s[:i])), text, true
}

// uncommented is a line without the comment that a blank stands before.
func uncommented(s string) string {
	for _, mark := range []string{" #", " ;", "\t#", "\t;"} {
		s, _, _ = strings.Cut(s, mark)
	}
	return s
}

// load reads both files into the sections that hold, by name: profiles without
// their prefix, the others with theirs. A file that cannot be opened is empty, as
// for the AWS CLI. The error is of one that cannot be read; the sections of the
// other are given nevertheless.
func (a *AWS) load() (map[string]section, error) {
	configuration, credentials := a.files()
	text, err := readFile(configuration)
	all := ofConfiguration(sections(text))
	text, other := readFile(credentials)
	if err == nil {
		err = other
	}
	merge(all, sections(text))
	return all, err
}

// ofConfiguration takes the prefix off the profiles of the configuration file, and
// drops what is no section of that file. "profile default" stands before
// "default".
func ofConfiguration(all map[string]section) map[string]section {
	kept := map[string]section{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		profile, prefixed := strings.CutPrefix(name, profilePrefix)
		_, renamed := kept[name]
		switch {
		case prefixed && !renamed:
			kept[profile] = all[name]
		case renamed:
		case strings.HasPrefix(name, sessionPrefix), strings.HasPrefix(name, servicesPrefix), strings.EqualFold(name, "default"):
			kept[name] = all[name]
		}
	}
	return kept
}

// mergedKeys are what the credentials file says over the configuration file where
// both have the profile. Others hold there only where it alone has it.
var mergedKeys = []string{
	"role_arn", "source_profile", "credential_source", "external_id", "mfa_serial", "role_session_name", "duration_seconds",
	"region", "credential_process", "web_identity_token_file", "ec2_metadata_service_endpoint",
	"sso_session", "sso_account_id", "sso_region", "sso_role_name", "sso_start_url", "login_session",
}

// merge puts the sections of the credentials file over those of the configuration
// file. A key pair is taken whole or not at all.
func merge(into, credentials map[string]section) {
	for name, s := range credentials {
		was, both := into[name]
		switch {
		case strings.HasPrefix(name, profilePrefix):
			continue
		case !both:
			into[name] = s
			continue
		}
		keys := mergedKeys
		if s.has(keyID) && s.has(keySecret) {
			keys = append([]string{keyID, keySecret, keyToken}, keys...)
		}
		for _, key := range keys {
			if s.has(key) {
				was.values[key] = value{text: s.text(key)}
			}
		}
		was.half = s.half
		into[name] = was
	}
}

// readFile is the text of a file; "" where it cannot be opened.
func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, filesMost+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("the file %s cannot be read", path)
	case len(b) > filesMost:
		return "", fmt.Errorf("the file %s is larger than %d MB", path, filesMost>>20)
	}
	return string(b), nil
}
