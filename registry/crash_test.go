//go:build unix

package registry

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/axiomio/xops-onboard/account"
)

func init() {
	roles["live"] = liveAndDie
	roles["write"] = writeMany
	roles["take"] = take
}

// asProduct is the registry of a directory as the product opens it.
func asProduct(dir string) *Registry {
	r, err := Open(filepath.Join(dir, "data"), filepath.Join(dir, "state"), Self(), Alive)
	if err != nil {
		panic(err)
	}
	return r
}

// process is the test binary in another role. The race detector has every
// process wait for a second at its end, unless it is told not to.
func process(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	return cmd
}

func tell(line string) { _, _ = os.Stdout.WriteString(line + "\n") }

// liveAndDie is life in a process that kills itself at one of the calls that
// change the disk: before it, or in its middle.
func liveAndDie(args []string) {
	r := asProduct(args[0])
	at, _ := strconv.Atoi(args[1])
	r.disk = &steps{disk: r.disk, at: at, instead: func(_ string, half func()) error {
		if args[2] == "true" {
			half()
		}
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}}
	if err := life(context.Background(), r, tell); err != nil {
		panic(err)
	}
	tell("whole")
}

// TestKilledBetweenAnyTwoWrites kills a process at every call that changes the
// disk, and holds that another goes on with all that was done.
func TestKilledBetweenAnyTwoWrites(t *testing.T) {
	for at, whole := 1, false; !whole && !t.Failed(); at++ {
		for _, half := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %v", at, half), func(t *testing.T) {
				dir := t.TempDir()
				out, err := process("live", dir, strconv.Itoa(at), strconv.FormatBool(half)).Output()
				done := strings.Fields(string(out))
				whole = len(done) > 0 && done[len(done)-1] == "whole"
				var exit *exec.ExitError
				if !whole && (!errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL) {
					t.Fatalf("the process ended with %v, not killed", err)
				}
				r := asProduct(dir)
				wantNothingLost(t, r, done)
				a := draft(one, "Contoso") // and onboarding goes on
				if _, err := r.Account(t.Context(), one); err != nil {
					must(t, r.SaveDraft(t.Context(), a))
					must(t, r.Finish(t.Context(), a.Account(a.Updated)))
				}
				must(t, r.Remove(t.Context(), two))
				wantNames(t, r, "Contoso")
			})
		}
	}
}

// drafts a process of the race writes.
const each = 25

func number(process, i int) account.ID { return account.ID(fmt.Sprintf("%04x-%04x", process, i)) }

// writeMany writes drafts of its own, and tells of each.
func writeMany(args []string) {
	r := asProduct(args[0])
	process, _ := strconv.Atoi(args[1])
	for i := range each {
		id := number(process, i)
		if err := r.SaveDraft(context.Background(), draft(id, account.Name(id))); err != nil {
			panic(err)
		}
		tell(string(id))
	}
}

// TestRace has twelve processes write at once, six of which are killed
// somewhere: every draft that was told of is there, and all else is whole.
func TestRace(t *testing.T) {
	const processes = 12
	dir := t.TempDir()
	var mu sync.Mutex
	var told []account.ID
	var group sync.WaitGroup
	for p := range processes {
		killAt := each + 1
		if p%2 == 0 {
			killAt = rand.N(each)
		}
		cmd := process("write", dir, strconv.Itoa(p))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		group.Go(func() {
			n := 0
			for lines := bufio.NewScanner(out); lines.Scan(); n++ {
				mu.Lock()
				told = append(told, account.ID(lines.Text()))
				mu.Unlock()
				if n == killAt {
					_ = cmd.Process.Kill()
				}
			}
			if err := cmd.Wait(); killAt > each && (err != nil || n != each) {
				t.Errorf("process %d told of %d drafts: %v", p, n, err)
			}
		})
	}
	// A reader all the while sees whole files and never fewer drafts.
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	r := asProduct(dir)
	for seen, over := 0, false; !over; {
		select {
		case <-ended:
			over = true
		default:
		}
		c := contents(t, r)
		if len(c.Drafts) < seen || len(c.Damaged) > 0 {
			t.Fatalf("%d drafts after %d, damaged %v", len(c.Drafts), seen, c.Damaged)
		}
		seen = len(c.Drafts)
	}
	listed := map[account.ID]bool{}
	for _, row := range contents(t, r).Drafts {
		listed[row.ID] = true
		if row.Owned {
			t.Errorf("%s is owned, and its process has ended", row.ID)
		}
	}
	for _, id := range told {
		if !listed[id] {
			t.Errorf("%s is lost", id)
		}
	}
	wantNothingLost(t, r, nil)
}

// take takes a draft that nobody owns, and lives until it is told to end.
func take(args []string) {
	r := asProduct(args[0])
	d, err := r.Draft(context.Background(), one)
	if err == nil {
		err = r.SaveDraft(context.Background(), d)
	}
	tell(string(account.KindOf(err)) + "-")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}

// TestOneTakesTheDraft has several processes go for a draft whose owner is
// dead: one gets it, and the others say so until it ends.
func TestOneTakesTheDraft(t *testing.T) {
	dir := t.TempDir()
	left := open(files{}, filepath.Join(dir, "data"), filepath.Join(dir, "state"), account.Owner{Host: Self().Host, Boot: "before", PID: 1, Start: "1"}, Alive)
	must(t, left.SaveDraft(t.Context(), draft(one, "Contoso")))
	var got []string
	var wait []func()
	for range 5 {
		cmd := process("take", dir)
		in, err := cmd.StdinPipe()
		must(t, err)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewReader(out)
		wait = append(wait, func() {
			line, err := lines.ReadString('\n')
			must(t, err)
			got = append(got, strings.TrimSpace(line))
		})
		t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	}
	for _, w := range wait {
		w()
	}
	if s := strings.Join(got, " "); strings.Count(s, string(account.DraftOwned)) != 4 || strings.Count(" "+s, " -") != 1 {
		t.Errorf("they got %q, want one to have it", s)
	}
	if rows := contents(t, asProduct(dir)).Drafts; len(rows) != 1 || !rows[0].Owned {
		t.Errorf("drafts %+v, want one that is open elsewhere", rows)
	}
}
