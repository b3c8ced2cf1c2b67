package account

import (
	"strings"
)

// Overview is what a pasted Overview page of an app registration holds. Labels
// are hints only: pages come in every language, in any order, with the
// labels of copy buttons between. Which id is the tenant's is decided by asking:
// it is the one that resolves.
type Overview struct {
	GUIDs   []string // different ones, in order, in lower case with dashes
	Domains []Domain
	hints   []hint // of each GUID
}

type hint int

const (
	noHint hint = iota
	clientHint
	tenantHint
	objectHint
)

// hintWords are words of the portal's labels, in some of its languages.
// Object before client: "application object id" is no client id.
var hintWords = []struct {
	hint  hint
	words []string
}{
	{objectHint, []string{"object", "objekt", "objet", "objeto", "oggetto", "オブジェクト", "对象", "物件", "개체", "объект"}},
	{tenantHint, []string{"tenant", "directory", "mandant", "verzeichnis", "locataire", "annuaire", "inquilino", "directorio", "diretório", "テナント", "ディレクトリ", "租户", "目录", "테넌트", "каталог"}},
	{clientHint, []string{"client", "cliente", "application", "anwendung", "aplicación", "applicazione", "クライアント", "客户端", "应用程序", "클라이언트", "клиент"}},
}

var domainLike = Lazily(`(?i)\b[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:onmicrosoft\.(?:com|us)|partner\.onmschina\.cn|com|net|org|eu|de|nl|us|cn|io|uk)\b`)

// ReadOverview takes a pasted page apart. Anything is accepted; what is not
// found is not there.
func ReadOverview(text string) Overview {
	const most = 64 << 10 // no page is longer
	if len(text) > most {
		text = text[:most]
	}
	text = visible(strings.ToValidUTF8(text, " "))
	var o Overview
	from := 0
	for _, g := range guids(text) {
		o.GUIDs = append(o.GUIDs, g.id)
		o.hints = append(o.hints, hintIn(text[from:g.at]))
		from = g.at + bare
	}
	seen := map[Domain]bool{}
	for _, s := range domainLike().FindAllString(text, -1) {
		if d, err := ParseDomain(s); err == nil && !seen[d] {
			seen[d] = true
			o.Domains = append(o.Domains, d)
		}
	}
	return o
}

// hintIn is what the nearest label before a GUID says.
func hintIn(before string) hint {
	before = strings.ToLower(before)
	best, at := noHint, -1
	// The label is the last line's, so the last 48 bytes say more than all
	// before; within them an object's label wins over an application's.
	if len(before) > 48 {
		before = before[len(before)-48:]
	}
	for _, h := range hintWords {
		for _, w := range h.words {
			if i := strings.LastIndex(before, w); i > at+20 || i >= 0 && best == noHint {
				best, at = h.hint, i
			}
		}
	}
	return best
}

// TenantFirst are all ids, those whose label speaks of a tenant first and those
// whose label speaks of something else last: the order to ask in.
func (o Overview) TenantFirst() []string {
	var out []string
	for _, want := range []hint{tenantHint, noHint, clientHint, objectHint} {
		for i, g := range o.GUIDs {
			if o.hints[i] == want {
				out = append(out, g)
			}
		}
	}
	return out
}

// ClientBeside is the client id of a page whose tenant is known: by its label,
// else the first other id that is not labelled as an object's. False if there
// is none.
func (o Overview) ClientBeside(t TenantID) (ClientID, bool) {
	for _, want := range []hint{clientHint, noHint, tenantHint} {
		for i, g := range o.GUIDs {
			if o.hints[i] == want && g != string(t) {
				return ClientID(g), true
			}
		}
	}
	return "", false
}
