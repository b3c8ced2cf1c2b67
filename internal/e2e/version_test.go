//go:build linux

package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestVersionComesFirst holds that version answers before the libraries set themselves
// up, and that other commands are as they were.
func TestVersionComesFirst(t *testing.T) {
	heavy := []string{"net/http", "crypto/tls", "encoding/xml", "charm.land/lipgloss/v2", "github.com/AzureAD/microsoft-authentication-library-for-go/apps/internal/oauth/ops/authority", "github.com/axiomio/xops-onboard/steps"}
	for _, tt := range []struct {
		args  []string
		first bool
	}{{[]string{"version"}, true}, {[]string{"--version"}, true}, {[]string{"version", "--json"}, false}, {[]string{"version", "--help"}, false}} {
		cmd := exec.Command(binary, tt.args...)
		cmd.Env = []string{"HOME=" + t.TempDir(), "GODEBUG=inittrace=1"}
		var trace bytes.Buffer
		cmd.Stderr = &trace
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), "v0.0.0") && len(tt.args) < 2 {
			t.Fatalf("%v: %v, %q", tt.args, err, out)
		}
		if !strings.Contains(trace.String(), "init os @") {
			t.Fatalf("%v: there is no trace: %q", tt.args, trace.String())
		}
		for _, pkg := range heavy {
			if there := strings.Contains(trace.String(), "init "+pkg+" @"); there == tt.first {
				t.Errorf("%v: %s was set up: %v", tt.args, pkg, there)
			}
		}
	}
}

// TestVersionThatCannotBeWritten tells so, as every command does.
func TestVersionThatCannotBeWritten(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	cmd := exec.Command(binary, "version")
	cmd.Env = []string{"HOME=" + t.TempDir()}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = full, &said
	if err := cmd.Run(); cmd.ProcessState.ExitCode() != 1 || !strings.HasPrefix(said.String(), "xops-onboard: error: ") {
		t.Errorf("%v, %q", err, said.String())
	}
}
