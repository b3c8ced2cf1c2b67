//go:build linux

package e2e_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/internal/ptytest"
)

// TestNonsenseIsTyped sends what the decoder of keys would panic at, as it is and pasted:
// the program goes on, and takes what is typed then.
func TestNonsenseIsTyped(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(binary, "--demo")
	cmd.Env = []string{"HOME=" + t.TempDir(), "TERM=xterm-256color"}
	s := ptytest.Start(t, cmd, 80, 24)
	s.See("Which cloud do you want to link first?")
	for _, nonsense := range []string{
		"\x1b[" + strings.Repeat(";", 32) + "1m", "\x1b[" + strings.Repeat("1:", 50) + "u", "\x1bP" + strings.Repeat("1;", 50) + "q\x1b\\",
		"\x9bM!!!", "\x9b" + strings.Repeat(";", 32) + "1m", "\xe7\x9bM!!!",
	} {
		s.Raw(nonsense)
		s.Paste(nonsense)
	}
	s.Press("?")
	s.See("Keys")
	s.Press("esc")
	s.See("Which cloud do you want to link first?")
	s.Press("ctrl+c")
	s.Restored()
}
