package aws

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/charmbracelet/x/exp/golden"

	"github.com/axiomio/xops-onboard/account"
)

// fixed is an authority of a test: the golden file needs one that never changes.
const fixed = `-----BEGIN CERTIFICATE-----
MIIBkTCCATegAwIBAgIUfgr/sK4uHJeeJ01/eUsb0FPr10IwCgYIKoZIzj0EAwIw
JTEjMCEGA1UEAxMaeG9wczM2MC13aXphcmQtY2EtOWYzYTYxYzIwHhcNMjYxMTI2
MDk1NTAwWhcNMjgxMTI1MTAwMDAwWjAlMSMwIQYDVQQDExp4b3BzMzYwLXdpemFy
ZC1jYS05ZjNhNjFjMjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMu73uNix9h4
0hvLjTLmzhHU/9u46aZ+V+8B01LrdsL+eGQB9cLqi8Cn1ppw0vCuzgNGt7NLFzUK
8W5Z8ZagWgejRTBDMA4GA1UdDwEB/wQEAwIBBjASBgNVHRMBAf8ECDAGAQH/AgEA
MB0GA1UdDgQWBBQwtb+VP0Id2OUqpBNDIeNNo7X19TAKBggqhkjOPQQDAgNIADBF
AiBYiQc3dLl5uc8DEDoDudeEyfVgw54iHdM0wtl/MTW85AIhAI4i57cscqHvIo+8
hFGh6ywbMZr5uVR4FIyyeY10m6MF
-----END CERTIFICATE-----
`

func link() account.AWSLink {
	return account.AWSLink{
		Type: account.AWSManagement, Account: "111122223333", Region: "eu-west-1", Method: account.ByCertificate, Tag: "9f3a61c2",
	}
}

func TestTemplate(t *testing.T) {
	text, err := New(nil, nil, nil).Template(link(), account.Certificate{PEM: fixed})
	if err != nil {
		t.Fatal(err)
	}
	golden.RequireEqual(t, text)
}

func TestTemplateTrustsThePlatformUnderItsExternalIDAlone(t *testing.T) {
	a, l := New(nil, nil, nil), link()
	l.Platform.Principal = "arn:aws:iam::999988887777:role/Platform"
	if _, err := a.Template(l, account.Certificate{PEM: fixed}); err == nil {
		t.Error("the platform is trusted without an external id")
	}
	l.ExternalID = "3b1f6a6e-ff6c-4d1a-9a54-2f5c8d4a3b10"
	text, err := a.Template(l, account.Certificate{PEM: fixed})
	if err != nil {
		t.Fatal(err)
	}
	golden.RequireEqual(t, text)
}

func TestTemplateIsTheSameForTheSame(t *testing.T) {
	a, dropped := New(nil, nil, nil), link()
	dropped.DropCA = true
	first, err := a.Template(link(), account.Certificate{PEM: fixed})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := a.Template(dropped, account.Certificate{PEM: fixed})
		if err != nil || again != first {
			t.Fatalf("another text (%v):\n%s", err, again)
		}
	}
	if len(first) > templateMost || !json.Valid([]byte(first)) || strings.Contains(first, "arn:aws:") {
		t.Errorf("%d bytes, or no JSON, or bound to one partition:\n%s", len(first), first)
	}
}
