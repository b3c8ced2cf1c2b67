package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestAdministratorIsPlayed walks the by-hand road on lines alone, up to the
// upload, which the other terminal has to make possible.
func TestAdministratorIsPlayed(t *testing.T) {
	lines := strings.Join([]string{
		"register Xops 360 - Contoso", "permission .", "consent .", "role .", "role .", "upload . /nowhere",
		"replication 10s", "policy 90d", "fault 503 /token 2", "fault off", "fault tea", "apps", "overview . de", "person alex global", "person kim chief",
		"usercode alex WRONG", "signin alex https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize?client_id=x", "refuse 53003", "refuse 1", "refuse off", "help", "juggle", "role",
	}, "\n")
	var out bytes.Buffer
	if err := run(strings.NewReader(lines), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"export HTTPS_PROXY='http://127.0.0.1:", "export SSL_CERT_FILE='", "export NO_PROXY=''",
		"Application (client) ID  ", `granted ["Application AccessReview.Read.All" "Delegated User.Read"] roles ["Global Reader"]`,
		"refused: A conflicting object", "refused: open /nowhere", "refused: no fault is called tea",
		"Verzeichnis-ID (Mandant)", "alex@contoso.com", "refused: no role is called chief", "That code didn't work.", "AADSTS700016", "refused: no policy refuses with AADSTS1", "unknown: juggle", "usage: role CLIENT", "replication DURATION",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
