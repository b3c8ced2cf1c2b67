//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// nobody is whom the tests take for an ordinary user where they are run by root, who may
// read everything.
const nobody = 65534

// asUser has a command run by an ordinary user.
func asUser(cmd *exec.Cmd) *exec.Cmd {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// ofUser is a directory of that user, with the product in it.
func ofUser(t *testing.T) (dir, program string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "closed")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	program = filepath.Join(dir, "xops-onboard")
	b, err := os.ReadFile(binary)
	if err == nil {
		err = os.WriteFile(program, b, 0o755)
	}
	if err == nil && os.Getuid() == 0 {
		err = os.Chown(dir, nobody, nobody)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir, program
}

// TestTheProgramIsClosed: of the product itself, while it runs, another program of the
// same user reads neither the environment nor the memory, and it dumps no core. Of a
// program that is not closed it reads both.
func TestTheProgramIsClosed(t *testing.T) {
	t.Parallel()
	dir, program := ofUser(t)
	env := []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "WITNESS=seen", "XDG_RUNTIME_DIR=" + dir}
	closed := asUser(exec.Command(program, "--plain"))
	closed.Env, closed.Dir = env, dir
	p := pipe(t, closed)
	p.see("Cloud (1 to 3)")
	open := asUser(exec.Command("/bin/sh", "-c", "echo ready; read x"))
	open.Env, open.Dir = env, dir
	o := pipe(t, open)
	o.see("ready")

	spy := func(pid int, file string) (string, error) {
		cmd := asUser(exec.Command("/bin/cat", fmt.Sprintf("/proc/%d/%s", pid, file)))
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if said, err := spy(open.Process.Pid, "environ"); err != nil || !strings.Contains(said, "WITNESS=seen") {
		t.Errorf("the spy reads nothing of an open program: %v, %q", err, said)
	}
	for _, file := range []string{"environ", "mem", "maps"} {
		if said, err := spy(closed.Process.Pid, file); err == nil || !strings.Contains(said, "Permission denied") {
			t.Errorf("%s: %v, %.200q", file, err, said)
		}
	}
	limits, err := spy(closed.Process.Pid, "limits")
	if err != nil || !regexp.MustCompile(`Max core file size +0 +0 `).MatchString(limits) {
		t.Errorf("the limits: %v, %s", err, limits)
	}
}
