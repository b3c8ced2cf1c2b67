package aws

import (
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// TestProcessHasNoTerminal runs the program of a profile in a session of its own:
// there is no terminal that it could open, and nothing of ours that it could read.
func TestProcessHasNoTerminal(t *testing.T) {
	const gives = `printf '{"Version":1,"AccessKeyId":"AKIA1","SecretAccessKey":"s"}'`
	for what, command := range map[string]string{
		"session":    "read -r _ _ _ _ _ sid _ </proc/$$/stat; test $sid = $$ && " + gives,
		"input":      "test $(readlink /proc/$$/fd/0) = /dev/null && " + gives,
		"complaints": "test $(readlink /proc/$$/fd/2) = /dev/null && " + gives,
	} {
		keys, err := (&resolver{}).process(t.Context(), &sharedProfile{name: "tool", credentialProcess: command})
		if err != nil || keys.AccessKeyID != "AKIA1" {
			t.Errorf("%s: %+v, %v", what, keys, err)
		}
	}
}

// TestProcessThatStays is not waited for: what it started holds its output open.
func TestProcessThatStays(t *testing.T) {
	begun := time.Now()
	_, err := (&resolver{}).process(t.Context(), &sharedProfile{name: "tool", credentialProcess: "sleep 20 & exit 1"})
	if account.KindOf(err) != account.AWSNoCredentials || !strings.Contains(err.Error(), "tool") || time.Since(begun) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
}
