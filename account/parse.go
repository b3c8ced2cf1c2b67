package account

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ID names an account or draft: a UUID made here.
type ID string

// KeyID names a private key in a key store: a UUID made here.
type KeyID string

// TenantID is a Directory (tenant) ID: a GUID in lower case with dashes.
// ParseTenantID is the only way to get one from text.
type TenantID string

// ClientID is an Application (client) ID, as TenantID.
type ClientID string

// ObjectID is the id of a directory object, as Microsoft Graph tells it.
type ObjectID string

// Domain is a DNS name in lower case, without a trailing dot.
type Domain string

// Name is a friendly name: cleaned, blanks folded, 1 to 60 characters.
type Name string

// nameLimit is the longest friendly name, in characters.
const nameLimit = 60

// ParseName reads a friendly name. InputEmpty, InputLong or InputControl otherwise.
func ParseName(s string) (Name, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", &Problem{Kind: InputEmpty}
	}
	for _, r := range s {
		if !unicode.IsSpace(r) && dropped(r) || r == utf8.RuneError {
			return "", &Problem{Kind: InputControl}
		}
	}
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > nameLimit {
		return "", &Problem{Kind: InputLong}
	}
	return Name(s), nil
}

// ParseTenantID reads a tenant's id as people paste it: in braces or quotes, in
// capitals, with blanks or without dashes, with a label before it. InputEmpty,
// InputNotID, or InputManyIDs if there are several different ones.
func ParseTenantID(s string) (TenantID, error) {
	g, err := oneGUID(s)
	return TenantID(g), err
}

// ParseClientID reads a client id, as ParseTenantID.
func ParseClientID(s string) (ClientID, error) {
	g, err := oneGUID(s)
	return ClientID(g), err
}

// ParseTenant reads a tenant as its id or one of its domains; a sign-in name
// (an e-mail address) stands for its domain. Exactly one of the two is set
// when the error is nil.
func ParseTenant(s string) (TenantID, Domain, error) {
	id, err := ParseTenantID(s)
	if err == nil || KindOf(err) != InputNotID {
		return id, "", err
	}
	d, err := ParseDomain(s)
	if err != nil && !strings.Contains(s, ".") {
		return "", "", &Problem{Kind: InputNotTenant}
	}
	return "", d, err
}

// ParseDomain reads a DNS name; of an e-mail address or an address of the web it
// takes the host. InputEmpty or InputNotDomain otherwise.
func ParseDomain(s string) (Domain, error) {
	s = strings.ToLower(strings.Trim(visible(s), ` "'<>`+"`"))
	if s == "" {
		return "", &Problem{Kind: InputEmpty}
	}
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s, _, _ = strings.Cut(rest, "/")
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	s = strings.TrimSuffix(s, ".")
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return "", &Problem{Kind: InputNotDomain}
	}
	for _, l := range labels {
		if !label(l) {
			return "", &Problem{Kind: InputNotDomain}
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "", &Problem{Kind: InputNotDomain} // an IP address
	}
	return Domain(s), nil
}

// label tells whether s is a label of a DNS name.
func label(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}

// visible is text without the characters that nobody sees, and with every kind
// of blank and line end as one blank.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case dropped(r):
			return -1
		}
		return r
	}, s)
}

// IsGUID tells whether s is a GUID with dashes, in any case of letters, and
// nothing else.
func IsGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		hex := c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
		if dash != (c == '-') || !dash && !hex {
			return false
		}
	}
	return true
}

// oneGUID is the one GUID in a text, in lower case with dashes.
func oneGUID(s string) (string, error) {
	if strings.TrimSpace(visible(s)) == "" {
		return "", &Problem{Kind: InputEmpty}
	}
	found := guids(s)
	if len(found) == 0 {
		// Blanks inside, as after a paste that was broken over lines.
		found = guids(strings.Join(strings.Fields(visible(s)), ""))
	}
	switch len(found) {
	case 0:
		return "", &Problem{Kind: InputNotID}
	case 1:
		return found[0].id, nil
	}
	return "", &Problem{Kind: InputManyIDs}
}

// guidAt is a GUID in a text and where it begins.
type guidAt struct {
	id string
	at int
}

const (
	dashed  = 36 // 8-4-4-4-12
	bare    = 32
	nilGUID = "00000000-0000-0000-0000-000000000000"
)

// guids are the different GUIDs of a text, in order. The nil GUID is none.
func guids(s string) []guidAt {
	s = visible(s)
	var out []guidAt
	seen := map[string]bool{nilGUID: true}
	for i := 0; i < len(s); {
		n := guidLength(s[i:])
		if n == 0 || i > 0 && wordByte(s[i-1]) || i+n < len(s) && wordByte(s[i+n]) {
			i++
			continue
		}
		id := canonical(s[i : i+n])
		if !seen[id] {
			seen[id] = true
			out = append(out, guidAt{id, i})
		}
		i += n
	}
	return out
}

// guidLength is how many bytes of a GUID s begins with; 0 for none.
func guidLength(s string) int {
	if len(s) >= dashed && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' && hexadecimal(strings.ReplaceAll(s[:dashed], "-", ""), bare) {
		return dashed
	}
	if len(s) >= bare && hexadecimal(s[:bare], bare) {
		return bare
	}
	return 0
}

func hexadecimal(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// wordByte tells whether a GUID next to this byte would be part of something longer.
func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_'
}

func canonical(g string) string {
	g = strings.ToLower(strings.ReplaceAll(g, "-", ""))
	return g[:8] + "-" + g[8:12] + "-" + g[12:16] + "-" + g[16:20] + "-" + g[20:]
}
