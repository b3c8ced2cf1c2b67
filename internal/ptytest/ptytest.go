//go:build unix

package ptytest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"

	"github.com/axiomio/xops-onboard/internal/termtest/vterm"
)

// Screen is a terminal that a command runs in.
type Screen struct {
	*vterm.Screen
	t      testing.TB
	cmd    *exec.Cmd
	line   *vterm.Line
	master *os.File
	before *term.State // of the terminal, before the command ran
	after  *term.State // when it had ended; nil until it is over
	err    error       // what cmd.Wait gave, when it is over

	mu       sync.Mutex
	recorded bytes.Buffer
}

// Start runs the command in a dark terminal of that size: on a pty of its own,
// as the leader of a session. Standard streams that are set already are left
// alone. A command without an environment gets the test's, without what tells
// of the test's own terminal; TERM and COLORTERM are set where they are not.
// The command and its process group are killed when the test ends.
func Start(t testing.TB, cmd *exec.Cmd, width, height int) *Screen {
	t.Helper()
	screen, line := vterm.New(t, width, height)
	s := &Screen{Screen: screen, t: t, cmd: cmd, line: line}
	master, tty, err := open(width, height)
	if err != nil {
		t.Fatalf("open a pty: %v", err)
	}
	s.master = master
	if s.before, err = term.GetState(tty.Fd()); err != nil {
		t.Fatalf("read the state of the pty: %v", err)
	}
	cmd.Env = environment(cmd.Env)
	if err := attach(cmd, tty); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	line.Wire()
	go func() { _, _ = io.Copy(master, line) }() // ends when the line is closed
	read := make(chan struct{})
	go s.read(read)
	go s.wait(tty, read)
	t.Cleanup(s.stop)
	return s
}

func open(width, height int) (master, tty *os.File, err error) {
	if master, tty, err = pty.Open(); err != nil {
		return nil, nil, err
	}
	return master, tty, pty.Setsize(master, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)})
}

// attach gives the command the terminal: as the standard streams that are not
// set, and as its controlling terminal.
func attach(cmd *exec.Cmd, tty *os.File) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	cmd.SysProcAttr.Ctty = -1 // a descriptor of the child's
	if cmd.Stderr == nil {
		cmd.Stderr, cmd.SysProcAttr.Ctty = tty, 2
	}
	if cmd.Stdout == nil {
		cmd.Stdout, cmd.SysProcAttr.Ctty = tty, 1
	}
	if cmd.Stdin == nil {
		cmd.Stdin, cmd.SysProcAttr.Ctty = tty, 0
	}
	if cmd.SysProcAttr.Ctty < 0 {
		return errors.New("no standard stream is left for the terminal")
	}
	return nil
}

// environment is env as a program in this terminal finds it.
func environment(env []string) []string {
	if env == nil {
		env = slices.DeleteFunc(os.Environ(), func(e string) bool {
			name, _, _ := strings.Cut(e, "=")
			switch name {
			case "TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES",
				"TMUX", "STY", "SSH_TTY", "SSH_CONNECTION", "SSH_CLIENT", "WT_SESSION", "ACCESSIBLE":
				return true
			}
			return false
		})
	}
	for _, e := range []string{"TERM=xterm-256color", "COLORTERM=truecolor"} {
		name, _, _ := strings.Cut(e, "=")
		if !slices.ContainsFunc(env, func(have string) bool { return strings.HasPrefix(have, name+"=") }) {
			env = append(env, e)
		}
	}
	return env
}

// read draws what the command writes until nobody has the terminal open.
func (s *Screen) read(end chan<- struct{}) {
	defer close(end)
	buf := make([]byte, 32<<10)
	for {
		n, err := s.master.Read(buf)
		s.mu.Lock()
		s.recorded.Write(buf[:n])
		s.mu.Unlock()
		_, _ = s.line.Write(buf[:n])
		if err != nil { // EIO on Linux, EOF elsewhere
			return
		}
	}
}

// wait waits for the command's end and then for the last of its output. A
// process that it left behind may keep the terminal open.
func (s *Screen) wait(tty *os.File, read <-chan struct{}) {
	s.err = s.cmd.Wait()
	s.after, _ = term.GetState(tty.Fd())
	_ = tty.Close()
	select {
	case <-read:
	case <-time.After(time.Second):
	}
	s.line.Ended(s.cmd.ProcessState.String())
}

func (s *Screen) stop() {
	select {
	case <-s.Over():
	default:
		_ = s.cmd.Process.Kill()
	}
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) // the rest of its group
	<-s.Over()
	s.line.Close()
	_ = s.master.Close()
}

// Resize changes the size of the window; the kernel tells the command.
func (s *Screen) Resize(width, height int) {
	s.t.Helper()
	s.line.Resize(width, height)
	if err := pty.Setsize(s.master, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}); err != nil {
		s.t.Errorf("resize: %v", err)
	}
}

// Signal sends the command a signal.
func (s *Screen) Signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Errorf("signal %v: %v", sig, err)
	}
}

// Kill ends the command with SIGKILL and waits until it is gone.
func (s *Screen) Kill() {
	s.t.Helper()
	s.Signal(syscall.SIGKILL)
	_ = s.Wait()
}

// Wait waits until the command has ended and all it wrote is drawn. It gives
// what exec.Cmd.Wait gave: nil for exit code 0.
func (s *Screen) Wait() error {
	s.t.Helper()
	s.Screen.Wait()
	return s.err
}

// ExitCode waits for the end and gives the exit code, -1 if a signal ended the command.
func (s *Screen) ExitCode() int {
	s.t.Helper()
	_ = s.Wait()
	return s.cmd.ProcessState.ExitCode()
}

// PID is the command's process.
func (s *Screen) PID() int { return s.cmd.Process.Pid }

// Recording is every byte that the command has written so far.
func (s *Screen) Recording() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.recorded.Bytes())
}

// Restored waits for the end and fails the test if the terminal is not as it
// was: its settings (termios), or what LeftBehind names.
func (s *Screen) Restored() {
	s.t.Helper()
	_ = s.Wait()
	var left []string
	if s.after == nil || *s.after != *s.before {
		left = append(left, fmt.Sprintf("settings of the terminal: %+v, before %+v", s.after, s.before))
	}
	if left = append(left, s.LeftBehind()...); len(left) > 0 {
		s.t.Errorf("the command left behind: %s", strings.Join(left, ", "))
	}
}
