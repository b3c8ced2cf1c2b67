//go:build unix

package startbench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
)

// Program is what is measured.
type Program struct {
	Command func() *exec.Cmd // a new one for each start
	Last    string           // text that ends the first frame, in one style and one line; of a whole run, a text it has to write
}

// Result is what a comparison found.
type Result struct {
	Program, Measure time.Duration // medians
	Ratio            float64       // of the two
}

// String is the result for people.
func (r Result) String() string {
	return fmt.Sprintf("%.2f× (%v to %v)", r.Ratio, r.Program.Round(100*time.Microsecond), r.Measure.Round(100*time.Microsecond))
}

// tooLong is how long one start may take.
const tooLong = 10 * time.Second

// Compare starts the program and the measure by turns on terminals of 80 by
// 24, n times each after one that does not count, and gives their medians. Who
// comes first changes with each turn.
func Compare(program, measure Program, n int) (Result, error) {
	return byTurns(FirstFrame, program, measure, n)
}

// CompareRuns is Compare of whole runs, from executed to ended, with what is
// written on a pipe.
func CompareRuns(program, measure Program, n int) (Result, error) {
	return byTurns(Run, program, measure, n)
}

func byTurns(once func(Program) (time.Duration, error), program, measure Program, n int) (Result, error) {
	took := [2][]time.Duration{}
	for turn := range n + 1 {
		for i := range 2 {
			which := (turn + i) % 2
			d, err := once([2]Program{program, measure}[which])
			if err != nil {
				return Result{}, err
			}
			if turn > 0 {
				took[which] = append(took[which], d)
			}
		}
	}
	r := Result{Program: median(took[0]), Measure: median(took[1])}
	r.Ratio = float64(r.Program) / float64(r.Measure)
	return r, nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// FirstFrame starts the program once on a terminal and gives the time from
// before it is executed until the last of its first frame was read. The
// terminal answers nothing: a first frame that waits for an answer is a fault
// to be found. The program is killed then.
func FirstFrame(p Program) (time.Duration, error) {
	cmd := p.Command()
	begin := time.Now()
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	late := time.AfterFunc(tooLong, func() { _ = cmd.Process.Kill() })
	took, seen := read(terminal, begin, p.Last)
	late.Stop()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it leads its own group
	_ = cmd.Wait()
	_ = terminal.Close()
	if took == 0 {
		return 0, fmt.Errorf("%s ended or hung before %q was drawn: %q", filepath.Base(cmd.Path), p.Last, seen)
	}
	return took, nil
}

// room is for what a run writes. It is the same each time: were it new, the program would
// wait at its end of the pipe while the system finds memory for who reads.
var room = make([]byte, 0, 2<<20)

// Run runs the program once, with what it writes on a pipe, and gives the time
// from before it is executed until it has ended. One runs at a time.
func Run(p Program) (time.Duration, error) {
	cmd := p.Command()
	wrote := bytes.NewBuffer(room) // not a file, so that there is a pipe
	cmd.Stdout, cmd.Stderr = wrote, wrote
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	late := time.AfterFunc(tooLong, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	err := cmd.Wait()
	took := time.Since(begin)
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %q", filepath.Base(cmd.Path), err, wrote.String())
	}
	if !bytes.Contains(wrote.Bytes(), []byte(p.Last)) {
		return 0, fmt.Errorf("%s wrote no %q: %.200q", filepath.Base(cmd.Path), p.Last, wrote.String())
	}
	return took, nil
}

// read reads until last was drawn; the time is 0 if it never was.
func read(terminal *os.File, begin time.Time, last string) (time.Duration, []byte) {
	var seen []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := terminal.Read(buf)
		now := time.Now()
		seen = append(seen, buf[:n]...)
		if bytes.Contains(seen, []byte(last)) {
			return now.Sub(begin), seen
		}
		if err != nil {
			return 0, seen
		}
	}
}

// Build builds a package of this module as it is released, stripped and
// without cgo, and gives the path of the binary.
func Build(t testing.TB, pkg string, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(pkg))
	build := exec.Command("go", append(append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", path}, flags...), pkg)...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return path
}

// Empty builds the measure of a first frame: the empty program on a terminal.
func Empty(t testing.TB) Program { return of(build(t, "empty"), "empty") }

// EmptyCommand builds the measure of a whole run: the empty command line.
func EmptyCommand(t testing.TB) Program { return of(build(t, "emptycommand"), "empty", "version") }

// LinkedCommand is EmptyCommand with the libraries linked that the product has, and
// nothing done with them.
func LinkedCommand(t testing.TB) Program {
	return of(build(t, "emptycommand", "-tags=linked"), "empty", "version")
}

func build(t testing.TB, name string, flags ...string) string {
	t.Helper()
	return Build(t, "github.com/axiomio/xops-onboard/internal/startbench/"+name, flags...)
}

func of(path, last string, args ...string) Program {
	return Program{Last: last, Command: func() *exec.Cmd {
		cmd := exec.Command(path, args...)
		cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor")
		return cmd
	}}
}
