package cli_test

import (
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
)

// FuzzStandardInput brings anything to the commands that read a file or standard input:
// a certificate of an authority, the Outputs of a stack, and the yes to a question.
// What they say may be shown, is as it is promised in JSON, and names one error.
func FuzzStandardInput(f *testing.F) {
	const of = "arn:aws:rolesanywhere:eu-west-1:123456789012:"
	outputs := "AWSRoleARN\tarn:aws:iam::123456789012:role/XopsReadOnly\nTrustAnchorARN " + of + "trust-anchor/a\nProfileARN " + of + "profile/b\n"
	for _, s := range []string{
		"", "y\n", "Contoso", outputs, `[{"OutputKey":"AWSRoleARN","OutputValue":"arn:aws:iam::123456789012:role/XopsReadOnly"}]`, outputs + hostile.Short, "-----BEGIN CERTIFICATE-----\n" + hostile.Short + "\n-----END CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", hostile.All, "arn:aws:iam::" + strings.Repeat("9", 5000) + ":role/x", strings.Repeat("\n", 5000),
	} {
		for which := range uint8(6) {
			f.Add(which, s)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, typed string) {
		b := newBench(t)
		b.byHand()
		b.do(b.registry.SaveDraft(t.Context(), account.Draft{
			ID: "5f3c1a70-0000-4000-8000-0000000000bb", Name: "Production", Provider: account.AWS, Way: account.ByHand,
			Link: account.AWSLink{Type: account.AWSManagement, Region: "eu-west-1", Method: account.ByCertificate, Tag: "5f3c1a70"},
			Keys: []account.Key{{ID: "5f3c1a70-0000-4000-8000-000000000002", Store: account.Keyring, Stored: true, Certificate: account.Certificate{PEM: "PEM"}}},
		}))
		commands := [][]string{
			{"certificate", "Fabrikam Inc", "--import", "-"}, {"add", "aws", "--name", "Production", "--outputs", "-"}, {"undo", "Fabrikam Inc"},
		}
		args := commands[int(which)%len(commands)]
		b.typed, b.terminal = typed, args[0] == "undo"
		if which%6 > 2 && !b.terminal {
			args = append(args, "--json")
		}
		code, out, errs := b.call(args...)
		if bad := hostile.Lines(out + "\n" + errs); bad != "" || len(out)+len(errs) > 20000 {
			t.Errorf("%v: code %d, %q is said of %.300q", args, code, bad, typed)
		}
	})
}
