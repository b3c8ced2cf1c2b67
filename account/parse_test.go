package account_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/axiomio/xops-onboard/account"
)

const (
	clientID = "00001111-aaaa-2222-bbbb-3333cccc4444"
	tenantID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	objectID = "03ef14b0-ca33-4840-8f4f-d6e91916010e"
)

func TestParseClientID(t *testing.T) {
	for in, want := range map[string]string{
		clientID:                                 clientID,
		"  " + clientID + "\r\n":                 clientID,
		"{" + clientID + "}":                     clientID,
		`"` + clientID + `"`:                     clientID,
		"“" + clientID + "”":                     clientID,
		"\u00a0" + clientID + "\u200b":           clientID,
		strings.ToUpper(clientID):                clientID,
		"00001111aaaa2222bbbb3333cccc4444":       clientID,
		"0000 1111-aaaa-2222-bbbb-3333cccc 4444": clientID,
		"urn:uuid:" + clientID:                   clientID,
		"Application (client) ID : " + clientID:  clientID,
		"https://entra.microsoft.com/#view/x/appId/" + clientID + "/y": clientID,
		clientID + " " + strings.ToUpper(clientID):                     clientID,
	} {
		if got, err := account.ParseClientID(in); err != nil || string(got) != want {
			t.Errorf("ParseClientID(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]account.Kind{
		"":                                     account.InputEmpty,
		" \u200b ":                             account.InputEmpty,
		"contoso":                              account.InputNotID,
		clientID[:35]:                          account.InputNotID,
		clientID + "5":                         account.InputNotID,
		"00000000-0000-0000-0000-000000000000": account.InputNotID,
		clientID + " " + tenantID:              account.InputManyIDs,
	} {
		if got, err := account.ParseClientID(in); account.KindOf(err) != want {
			t.Errorf("ParseClientID(%q) = %q, %v, want %s", in, got, err, want)
		}
	}
}

func TestParseTenant(t *testing.T) {
	for _, c := range []struct {
		in, id, domain string
		kind           account.Kind
	}{
		{in: tenantID, id: tenantID},
		{in: "Contoso.onmicrosoft.com.", domain: "contoso.onmicrosoft.com"},
		{in: "admin@contoso.com", domain: "contoso.com"},
		{in: "https://contoso.com/path", domain: "contoso.com"},
		{in: "contoso", kind: account.InputNotTenant},
		{in: "10.0.0.1", kind: account.InputNotDomain},
		{in: "-x.com", kind: account.InputNotDomain},
		{in: "", kind: account.InputEmpty},
		{in: tenantID + clientID, kind: account.InputNotTenant},
	} {
		id, domain, err := account.ParseTenant(c.in)
		if string(id) != c.id || string(domain) != c.domain || account.KindOf(err) != c.kind {
			t.Errorf("ParseTenant(%q) = %q, %q, %v, want %q, %q, %q", c.in, id, domain, err, c.id, c.domain, c.kind)
		}
	}
}

func TestParseName(t *testing.T) {
	for in, want := range map[string]account.Name{" Contoso \t Europe ": "Contoso Europe", "東京": "東京"} {
		if got, err := account.ParseName(in); err != nil || got != want {
			t.Errorf("ParseName(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]account.Kind{
		"  ": account.InputEmpty, strings.Repeat("x", 61): account.InputLong, "a\x1b[31m": account.InputControl, "a\u202eb": account.InputControl,
	} {
		if got, err := account.ParseName(in); account.KindOf(err) != want {
			t.Errorf("ParseName(%q) = %q, %v, want %s", in, got, err, want)
		}
	}
}

func TestReadOverviewInAnyOrderAndLanguage(t *testing.T) {
	pages := map[string]string{
		"english":       "Display name : Xops 360 - Contoso\nApplication (client) ID\n" + clientID + "\nCopy to clipboard\nObject ID\n" + objectID + "\nDirectory (tenant) ID\n" + tenantID + "\nSupported account types\nMy organization only",
		"german":        "Anzeigename Xops 360\nAnwendungs-ID (Client)\n" + clientID + "\nObjekt-ID\n" + objectID + "\nVerzeichnis-ID (Mandant)\n" + tenantID,
		"another order": "Directory (tenant) ID: " + tenantID + "\nObject ID: " + objectID + "\nApplication (client) ID: " + clientID,
		"one line":      "Application (client) ID " + clientID + " Object ID " + objectID + " Directory (tenant) ID " + tenantID,
		"no labels":     clientID + "\n" + tenantID,
		"japanese":      "アプリケーション (クライアント) ID\n" + clientID + "\nオブジェクト ID\n" + objectID + "\nディレクトリ (テナント) ID\n" + tenantID,
	}
	for name, page := range pages {
		o := account.ReadOverview(page)
		if got, ok := o.ClientBeside(tenantID); !ok || got != clientID {
			t.Errorf("%s: client %q, %v, want %q", name, got, ok, clientID)
		}
		if name != "no labels" {
			if first := o.TenantFirst()[0]; first != tenantID {
				t.Errorf("%s: asks for %q first, want the tenant", name, first)
			}
		}
	}
}

func TestReadOverviewFindsTheInitialDomain(t *testing.T) {
	o := account.ReadOverview("Primary domain contoso.com\nInitial: contoso.onmicrosoft.com")
	if len(o.Domains) != 2 || o.Domains[1] != "contoso.onmicrosoft.com" {
		t.Errorf("domains %v", o.Domains)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                      "plain",
		"one blank":                  "one blank",
		"two  blanks":                "two blanks",
		" around ":                   "around",
		" ":                          "",
		"two\r\nlines\tand a tab":    "two lines and a tab",
		"\x1b[31mred\x1b[0m":         "red",
		"\x1b]52;c;c2VjcmV0\x07clip": "clip",
		"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\": "link",
		"\x9b31mred":                      "31mred", // not UTF-8: the byte goes, its text stays
		"\u009b31mred":                    "red",
		"a\u202eb\u200bc\ufeffd":          "abcd",
		"bad\xffutf":                      "badutf",
		"nul\x00l":                        "null",
		"e\u0301\u0301\u0301\u0301\u0301": "e\u0301\u0301\u0301",
		"1234567890ABC":                   "123456789…",
	} {
		if got := account.Clean(in, 10+len("two lines and a tab")*b2i(!strings.HasPrefix(in, "123"))); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{
		"\x1bP+q544e\x1b\\x", "\x1b_Gi=1;AAAA\x1b\\", "\x1bX\x1b^", "\u009b2J", "\u009d52;c;AAAA\u009c", "\u0090\u0098\u009e\u009f", "\x1b\x1b[[2J", "\x1b]0;\x1b[2J",
		"a\u00a0b", "\U000e0041", "\U0010ffff", "\ufdd0", "\ufe0f", "\u0085", "a \u0301\u0301\u0301\u0301", "\ufffd", "\xc2", "  ", strings.Repeat("\x1b[", 300),
	} {
		f.Add(s, 20)
	}
	for _, s := range []string{"", "x", "\x1b[31m", "\x1b]52;c;AAAA\x07", "\x1b\x1b]", "\u202e", "\xff", "a\u0301\u0301\u0301\u0301"} {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = limit%200 + 1
		if limit < 1 {
			limit = 1
		}
		got := account.Clean(s, limit)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > limit {
			t.Fatalf("Clean(%q, %d) = %q", s, limit, got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
				t.Fatalf("Clean(%q) left %U", s, r)
			}
		}
		if again := account.Clean(got, limit); again != got {
			t.Fatalf("cleaned twice: %q, then %q", got, again)
		}
		if !account.Clear(got) {
			t.Fatalf("%q is cleaned and not clear", got)
		}
		// Beside blanks, Clean takes out of a text that is clear nothing.
		if account.Clear(s) != (account.Clean(s, 0) == strings.Trim(blanks.ReplaceAllString(s, " "), " ")) {
			t.Fatalf("Clear(%q) = %v, and Clean makes it %q", s, account.Clear(s), account.Clean(s, 0))
		}
		in, _ := json.Marshal(s)
		var out string
		if text := account.Escaped(in); json.Unmarshal(text, &out) != nil || out != strings.Map(func(r rune) rune { return r }, s) ||
			strings.ContainsFunc(string(text), func(r rune) bool {
				return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) && r != ' '
			}) {
			t.Fatalf("Escaped(%s) = %s", in, text)
		}
	})
}

var blanks = regexp.MustCompile(" +")

func FuzzParse(f *testing.F) {
	for _, s := range []string{clientID, "{" + clientID + "}", "contoso.com", "a@b.c", "", strings.Repeat("0", 32)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := account.ParseTenantID(s); err == nil {
			if again, err := account.ParseTenantID(string(id)); err != nil || again != id || len(id) != 36 {
				t.Fatalf("ParseTenantID(%q) = %q, which reads as %q, %v", s, id, again, err)
			}
		}
		if d, err := account.ParseDomain(s); err == nil {
			if again, err := account.ParseDomain(string(d)); err != nil || again != d || strings.ContainsAny(string(d), "/ @\x1b") {
				t.Fatalf("ParseDomain(%q) = %q, which reads as %q, %v", s, d, again, err)
			}
		}
		if n, err := account.ParseName(s); err == nil {
			if again, err := account.ParseName(string(n)); err != nil || again != n || account.Clean(string(n), 100) == "" && n != "" {
				t.Fatalf("ParseName(%q) = %q, which reads as %q, %v", s, n, again, err)
			}
			if file := account.CertificateFile(n, "0123456789ABCDEF"); strings.Trim(file, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || len(file) > 60 {
				t.Fatalf("CertificateFile(%q) = %q", n, file)
			}
		}
		if o := account.ReadOverview(s); len(o.TenantFirst()) != len(o.GUIDs) {
			t.Fatalf("ReadOverview(%q): %v of %v", s, o.TenantFirst(), o.GUIDs)
		}
	})
}

func TestNames(t *testing.T) {
	for in, want := range map[account.Name]string{"Contoso": "Xops 360 - Contoso", "Microsoft Ireland": "Xops 360 - Ireland", "Microsoft": "Xops 360"} {
		if got := account.AppName(in); got != want {
			t.Errorf("AppName(%q) = %q, want %q", in, got, want)
		}
	}
	for in, want := range map[account.Name]string{"Contoso": "contoso-9f3a61c2.cer", "Contoso & Söhne": "contoso-s-hne-9f3a61c2.cer", "東京": "account-9f3a61c2.cer", "../etc": "etc-9f3a61c2.cer"} {
		if got := account.CertificateFile(in, "9F3A61C277D0"); got != want {
			t.Errorf("CertificateFile(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestPortalPagesAreOfTheirCloud holds that a link never leads to another
// cloud's portal, and has the id of its app in it.
func TestPortalPagesAreOfTheirCloud(t *testing.T) {
	for _, id := range account.Clouds {
		c := id.Cloud()
		for _, p := range []account.PortalPage{c.AppRegistrationsPage(), c.CertificatesPage(clientID), c.PermissionsPage(clientID), c.RolesPage(), c.DomainsPage(), c.EnterpriseAppPage("", clientID), c.EnterpriseAppPage(tenantID, clientID)} {
			if !strings.HasPrefix(p.URL, "https://"+c.Entra+"/#view/") || p.Path[0] != "Entra ID" {
				t.Errorf("%s: %+v", id, p)
			}
		}
		if !strings.Contains(c.CertificatesPage(clientID).URL, clientID) {
			t.Errorf("%s: no client id in %s", id, c.CertificatesPage(clientID).URL)
		}
		page := c.EnterpriseAppPage(tenantID, clientID)
		if !strings.HasSuffix(page.URL, "/objectId/"+tenantID+"/appId/"+clientID) || page.Menu("Tool") != "Entra ID › Enterprise apps › Tool › Permissions" {
			t.Errorf("%s: %+v", id, page)
		}
		if list := c.EnterpriseAppPage("", clientID); strings.Contains(list.URL, clientID) || list.Menu("Tool") != page.Menu("Tool") {
			t.Errorf("%s: without its object id: %+v", id, list)
		}
	}
}

func TestIsGUID(t *testing.T) {
	for s, want := range map[string]bool{
		clientID: true, strings.ToUpper(clientID): true,
		"": false, "{" + clientID + "}": false, strings.ReplaceAll(clientID, "-", ""): false, clientID + " ": false,
		clientID[:35] + "g": false, clientID[:35] + "-": false, "0" + clientID[1:8] + "0" + clientID[9:]: false,
	} {
		if got := account.IsGUID(s); got != want {
			t.Errorf("IsGUID(%q) = %v", s, got)
		}
	}
}
