package aws

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
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

// FuzzProcess has the program that a profile names write anything: it gives credentials
// that nobody takes, or a problem that quotes nothing of it.
func FuzzProcess(f *testing.F) {
	whole := `{"Version":1,"AccessKeyId":"AKIA","SecretAccessKey":"hush-hush-hush","SessionToken":"t","Expiration":"2999-01-01T00:00:00Z"}`
	for _, s := range append(variants(whole), "", "null", "[]", "hush-hush-hush", `{"Version":1,"AccessKeyId":`+hostile.JSON(hostile.Short)+`,"SecretAccessKey":"hush-hush-hush"}`, strings.Repeat("hush-hush-hush", 5000)) {
		f.Add(s)
	}
	dir := f.TempDir()
	said := filepath.Join(dir, "said")
	env := homeWith(f, "[profile tool]\ncredential_process = /bin/cat "+said+"\n", "")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(said, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := at(t, &desk{cloud: http.NotFoundHandler()}, time.Now, env).SignIn(t.Context(), "tool", home)
		hostile.Sound(t, err)
		if err == nil || strings.Contains(err.Error(), "hush-hush-hush") {
			t.Errorf("%v of %.300q", err, text)
		}
	})
}
