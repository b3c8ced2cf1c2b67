package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/cli"
)

// TestCredentialsOfAnApp prints a token for a program, and to a terminal only
// where that is said.
func TestCredentialsOfAnApp(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	code, out, _ := b.call("credentials", "Contoso")
	var got struct{ AccessToken, ExpiresOn, TokenType, Tenant, ClientID string }
	if err := json.Unmarshal([]byte(out), &got); code != cli.Done || err != nil || strings.Count(out, "\n") != 1 {
		t.Fatalf("code %d, %q: %v", code, out, err)
	}
	if m := a.Microsoft(); got.AccessToken != "token of "+string(m.Client)+" for " || got.ExpiresOn != "2026-11-26T11:00:00Z" || got.TokenType != "Bearer" || got.Tenant != string(m.Tenant) || got.ClientID != string(m.Client) {
		t.Errorf("%+v", got)
	}
	if _, out, _ := b.call("credentials", "Contoso", "--scope", "azure"); !strings.Contains(out, "for azure-resource-manager") {
		t.Errorf("for Azure: %q", out)
	}
	for _, tt := range []struct {
		args []string
		says string
	}{
		{nil, "which account is missing"},
		{[]string{"Nobody"}, `there is no account "Nobody"`},
		{[]string{"Contoso", "--scope", "mail"}, "graph or azure"},
	} {
		if code, out, errs := b.call(append([]string{"credentials"}, tt.args...)...); code != cli.WrongUsage || out != "" || !strings.Contains(errs, tt.says) {
			t.Errorf("%v: code %d, %q, %q", tt.args, code, out, errs)
		}
	}
	b.terminal = true
	if code, out, errs := b.call("credentials", "Contoso"); code != cli.WrongUsage || out != "" || !strings.Contains(errs, "standard output is a terminal") {
		t.Errorf("to a terminal: code %d, %q, %q", code, out, errs)
	}
	if code, out, _ := b.call("credentials", "Contoso", "--show"); code != cli.Done || !strings.Contains(out, "token of ") {
		t.Errorf("to a terminal with --show: code %d, %q", code, out)
	}
}
