//go:build unix

package startbench_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/internal/startbench"
)

func TestSlowerProgramIsFoundSlower(t *testing.T) {
	empty := startbench.Empty(t)
	slow := startbench.Program{Last: "empty", Command: func() *exec.Cmd {
		cmd := empty.Command()
		slow := exec.Command("sh", "-c", `sleep 0.2; exec "$0"`, cmd.Path)
		slow.Env = cmd.Env
		return slow
	}}
	r, err := startbench.Compare(slow, empty, 3)
	if err != nil {
		t.Fatal(err)
	}
	if added := r.Program - r.Measure; added.Seconds() < 0.1 || r.Ratio < 1.2 {
		t.Errorf("200 ms more were measured as %v", r)
	}
}

func TestSlowerRunIsFoundSlower(t *testing.T) {
	empty := startbench.EmptyCommand(t)
	slow := startbench.Program{Last: "empty", Command: func() *exec.Cmd {
		return exec.Command("sh", "-c", `sleep 0.2; exec "$0" version`, empty.Command().Path)
	}}
	r, err := startbench.CompareRuns(slow, empty, 3)
	if err != nil {
		t.Fatal(err)
	}
	if added := r.Program - r.Measure; added.Seconds() < 0.1 || r.Ratio < 1.2 {
		t.Errorf("200 ms more were measured as %v", r)
	}
}

func TestRunThatFails(t *testing.T) {
	for script, want := range map[string]string{
		"echo no; exit 3":    `exit status 3: "no`,
		"echo something":     `wrote no "empty": "something`,
		"echo empty; exit 1": "exit status 1",
	} {
		_, err := startbench.Run(startbench.Program{Last: "empty", Command: func() *exec.Cmd { return exec.Command("sh", "-c", script) }})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a run of %q is %v, want %q", script, err, want)
		}
	}
}

func TestProgramWithoutAFrame(t *testing.T) {
	_, err := startbench.FirstFrame(startbench.Program{Last: "never", Command: func() *exec.Cmd { return exec.Command("echo", "something else") }})
	if err == nil || !strings.Contains(err.Error(), `before "never" was drawn: "something else`) {
		t.Errorf("FirstFrame = %v, want what was drawn instead", err)
	}
}

// BenchmarkEmpty is how much a ratio means here: the empty program against itself.
func BenchmarkEmpty(b *testing.B) {
	empty := startbench.Empty(b)
	for b.Loop() {
		r, err := startbench.Compare(empty, empty, 15)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(r.Ratio, "ratio")
		b.ReportMetric(float64(r.Measure.Microseconds())/1000, "ms/start")
	}
}
