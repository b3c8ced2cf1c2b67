package registry

import (
	"bufio"
	"io"
	"os"
	"testing"

	"github.com/axiomio/xops-onboard/internal/hardening"
)

func init() {
	roles["hardened"] = func([]string) { // as the product runs: /proc belongs to root
		if err := hardening.Apply(); err != nil {
			panic(err)
		}
		os.Stdout.WriteString("ready\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
}

// TestAliveOfRealProcesses follows a process from its start to after it was
// waited for.
func TestAliveOfRealProcesses(t *testing.T) {
	self := Self()
	if self.Boot == "" || self.Start == "" || self.Host == "" || !Alive(self) {
		t.Errorf("this process is %+v, alive %v", self, Alive(self))
	}
	cmd := process("hardened")
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	child := self
	child.PID = cmd.Process.Pid
	start, is := started(child.PID)
	if is != running || start == self.Start {
		t.Errorf("the child is %v since %s, this process since %s", is, start, self.Start)
	}
	child.Start = start
	if !Alive(child) {
		t.Error("a running process counts as dead")
	}
	reused := child
	reused.Start = self.Start
	if Alive(reused) {
		t.Error("another process of the same number counts as the owner")
	}
	must(t, in.Close())
	must(t, cmd.Wait())
	if Alive(child) {
		t.Error("a process that ended counts as alive")
	}
}
