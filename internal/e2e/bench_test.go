//go:build linux

package e2e_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/axiomio/xops-onboard/internal/startbench"
)

// BenchmarkFirstFrame is how long the first frame takes, as a multiple of an
// empty Bubble Tea program's on the same terminal in the same run.
func BenchmarkFirstFrame(b *testing.B) {
	home := b.TempDir()
	empty := startbench.Empty(b)
	ours := startbench.Program{Last: "choose Microsoft", Command: func() *exec.Cmd {
		cmd := exec.Command(binary)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TERM=xterm-256color", "COLORTERM=truecolor"}
		return cmd
	}}
	for b.Loop() {
		r, err := startbench.Compare(ours, empty, 21)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(r.Ratio, "ratio")
		b.ReportMetric(float64(r.Program.Microseconds())/1000, "ms/start")
		b.ReportMetric(float64(r.Measure.Microseconds())/1000, "ms/empty")
	}
}
