package steps_test

import (
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// TestLeavingWords says of each provider's drafts what goes and what stays; a role in
// Azure does not go with its app.
func TestLeavingWords(t *testing.T) {
	key := []account.Key{{ID: "k", Store: account.Keyring, Stored: true}}
	azure := account.Draft{Name: "Contoso", Provider: account.Azure, Keys: key, Link: account.AzureLink{Scopes: []account.AzureScope{"/subscriptions/00001111-aaaa-2222-bbbb-3333cccc4444"}}}
	made := azure
	made.Made = account.Made{Unique: "u", Application: "a", Azure: []account.AzureAssignment{{}}, Elevated: true}
	aws := account.Draft{Name: "Production", Provider: account.AWS, Keys: key, Link: account.AWSLink{Tag: "5f3c1a70", Region: "eu-west-1"}}
	begun := aws
	begun.Journal = []account.Entry{{Change: link.TheStack, Begun: time.Unix(1, 0)}}
	uploaded := aws
	uploaded.Keys = []account.Key{{ID: "k", Certificate: account.Certificate{PEM: "s", NotAfter: time.Unix(1, 0)}}}
	uploaded.Authority = &account.Key{Certificate: account.Certificate{PEM: "t", NotAfter: time.Unix(1, 0)}}
	uploaded.Link = account.AWSLink{Tag: "5f3c1a70", Region: "eu-west-1", File: "/tmp/t.json"}
	quick := aws
	quick.Link = account.AWSLink{Tag: "5f3c1a70", Method: account.ByProfile}
	for name, c := range map[string]struct {
		draft account.Draft
		back  bool
		says  []string
		never string
	}{
		"azure by hand":    {azure, false, []string{"take its roles in Azure away, under ", "Access control (IAM)", "they do not go with the app", "The certificate file stays"}, "consent"},
		"azure":            {made, true, []string{"and one for Azure", "its roles in Azure and the app", "elevated for the changes is given back", "stays, too"}, "consent"},
		"aws begun":        {begun, true, []string{"the stack xops360-link-5f3c1a70", "a profile of the account"}, "app"},
		"aws by hand":      {uploaded, false, []string{"delete xops360-link-5f3c1a70 under CloudFormation", "The template file stays"}, "certificate file"},
		"aws, no template": {aws, false, []string{"Nothing was made in AWS."}, "stays"},
		"aws by a profile": {quick, false, []string{"Nothing was made in AWS."}, "stays"},
	} {
		if got := steps.InTenant(c.draft); got != c.back {
			t.Errorf("%s: InTenant() = %v", name, got)
		}
		text := steps.ThrowAwayWords(c.draft)
		if c.back {
			back, here := steps.TakeBackWords(c.draft)
			text = back + " " + here
		}
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q: %s", name, want, text)
			}
		}
		if strings.Contains(text, c.never) {
			t.Errorf("%s says %q: %s", name, c.never, text)
		}
	}
}
