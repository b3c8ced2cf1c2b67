package registry

import (
	"reflect"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// textMost is more than any text in a file of ours has, certificates apart.
const textMost = 1024

// nameMost is how many characters a name has, as account.ParseName takes it.
const nameMost = 60

// clean goes through a value that was read, and makes every text in it one that
// account.Clean leaves as it is. Of what this program has written nothing changes.
func clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			clean(v.Elem())
		}
	case reflect.Interface: // what is in one cannot be set, but for all of it
		if !v.IsNil() {
			held := reflect.New(v.Elem().Type()).Elem()
			held.Set(v.Elem())
			clean(held)
			v.Set(held)
		}
	case reflect.Slice:
		for i := range v.Len() {
			clean(v.Index(i))
		}
	case reflect.Struct:
		c, certified := v.Addr().Interface().(*account.Certificate)
		var pem string
		if certified { // the one text of several lines
			pem, c.PEM = lines(c.PEM), ""
		}
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				clean(v.Field(i))
			}
		}
		if certified {
			c.PEM = pem
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[account.Name]() { // stands on every screen
			v.SetString(account.Clean(v.String(), nameMost))
			return
		}
		v.SetString(fit(v.String()))
	}
}

// fit is a text as account.Clean leaves it.
func fit(s string) string {
	if len(s) <= textMost && account.Clear(s) {
		return s
	}
	return account.Clean(s[:min(len(s), 8*textMost)], textMost)
}

// lines is a text with each of its lines fit.
func lines(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		text, end := strings.CutSuffix(line, "\n")
		b.WriteString(fit(text))
		if end {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
