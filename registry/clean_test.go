package registry

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// hostileTexts are texts that a terminal would not just show.
var hostileTexts = []string{
	"a\x1b[2Jb", "a\x1b]52;c;c2VjcmV0\x07b", "a\x1bP+q544e\x1b\\b", "a\x1b_Gi=1;AAAA\x1b\\b", "a\u009b31mb", "a\u0090b\u009c", "a\u202eb\u2066",
	"a\u200bb", "a\nb", "a\x00b", "a\x7fb", "a\u2028b", "a" + strings.Repeat("\u0301", 40),
}

// texts are all texts in values, however deep; of a certificate's lines each.
func texts(values ...reflect.Value) (all []string) {
	for _, v := range values {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				all = append(all, texts(v.Elem())...)
			}
		case reflect.Slice:
			for i := range v.Len() {
				all = append(all, texts(v.Index(i))...)
			}
		case reflect.Struct:
			for i := range v.NumField() {
				switch f := v.Type().Field(i); {
				case f.Name == "PEM":
					all = append(all, strings.Split(v.Field(i).String(), "\n")...)
				case f.IsExported():
					all = append(all, texts(v.Field(i))...)
				}
			}
		case reflect.String:
			all = append(all, v.String())
		}
	}
	return all
}

// put puts a text into every text of a value, and one into every list. What texts
// cannot look through is an error.
func put(t *testing.T, v reflect.Value, s string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		put(t, v.Elem(), s)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		put(t, v.Index(0), s)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type() != reflect.TypeFor[time.Time]() {
				put(t, v.Field(i), s)
			}
		}
	case reflect.String:
		v.SetString(s)
	case reflect.Map, reflect.Array, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		t.Errorf("%v is not gone through when it is read", v.Type())
	}
}

// TestWhatAFileHoldsIsCleaned holds that no text of an account, a draft or a report
// comes out of an edited file as it would act on a terminal.
func TestWhatAFileHoldsIsCleaned(t *testing.T) {
	for _, s := range append(hostileTexts, strings.Repeat("x", 2*textMost)) {
		for _, l := range []account.Link{&account.MicrosoftLink{}, &account.AzureLink{}, &account.AWSLink{}} {
			put(t, reflect.ValueOf(l).Elem(), s)
			var d account.Draft
			var a account.Account
			put(t, reflect.ValueOf(&d).Elem(), s)
			put(t, reflect.ValueOf(&a).Elem(), s)
			d.ID, a.ID = one, one
			d.Link = reflect.ValueOf(l).Elem().Interface().(account.Link)
			a.Link = d.Link
			for _, rec := range []record{{draft: &d}, {account: &a}} {
				data, err := rec.encode(nil)
				must(t, err)
				got, err := decode(data, one)
				must(t, err)
				all := texts(reflect.ValueOf(got.draft), reflect.ValueOf(got.account))
				if len(all) < 20 {
					t.Fatalf("%d texts", len(all))
				}
				for _, text := range all {
					if !account.Clear(text) || len([]rune(text)) > textMost {
						t.Fatalf("%q of a file is %q", s, text)
					}
				}
			}
		}
	}
}

func TestReportsAreCleaned(t *testing.T) {
	r := empty(t)
	must(t, r.SaveDraft(t.Context(), draft(one, "Contoso")))
	for _, s := range hostileTexts {
		var rep account.Report
		put(t, reflect.ValueOf(&rep).Elem(), s)
		must(t, r.SaveReport(t.Context(), one, rep))
		got, err := r.LastReport(t.Context(), one)
		must(t, err)
		for _, text := range texts(reflect.ValueOf(got)) {
			if !account.Clear(text) {
				t.Fatalf("%q of a report is %q", s, text)
			}
		}
	}
}

// TestCertificatesKeepTheirLines holds that the one text of several lines stays it,
// and loses what is not to be shown.
func TestCertificatesKeepTheirLines(t *testing.T) {
	const pem = "-----BEGIN CERTIFICATE-----\nMIIB\nAAAA\n-----END CERTIFICATE-----\n"
	if got := lines(pem); got != pem {
		t.Errorf("%q", got)
	}
	if got := lines(strings.Replace(pem, "MIIB", "x: \x1b]52;c;AA\x07\u202e", 1)); got != strings.Replace(pem, "MIIB", "x:", 1) {
		t.Errorf("%q", got)
	}
}

func TestEvidenceIsSafeToShow(t *testing.T) {
	dir := t.TempDir()
	r, err := Open(filepath.Join(dir, "data"), filepath.Join(dir, "state"), me, living)
	must(t, err)
	for _, s := range hostileTexts {
		must(t, r.AppendEvidence(t.Context(), account.ID(s), s, []account.Evidence{{Method: s, Path: s, RequestID: s, ClientRequestID: s}}))
	}
	file, err := os.ReadFile(filepath.Join(dir, "state", "evidence.log"))
	must(t, err)
	for i, line := range strings.Split(strings.TrimSuffix(string(file), "\n"), "\n") {
		var got evidenceLine
		if !account.Clear(strings.ReplaceAll(line, "\u0301", "")) || json.Unmarshal([]byte(line), &got) != nil || got.Path != hostileTexts[i] {
			t.Errorf("%q", line)
		}
	}
}
