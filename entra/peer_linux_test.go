package entra

import (
	"context"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestAnotherUserBringsNothing: who read our state among the processes, and is
// another user of this machine, neither ends the sign-in nor feeds it.
func TestAnotherUserBringsNothing(t *testing.T) {
	for _, body := range []string{"code=theirs&state=s", "error=access_denied&state=s"} {
		l, err := listenLoopback()
		if err != nil {
			t.Fatal(err)
		}
		dial := asNobody
		if os.Getuid() != 0 { // nobody else can be played: so that we are not who is waited for
			l.users, dial = []int{os.Getuid() + 1}, dialed
		}
		ctx, cancel := context.WithCancel(t.Context())
		type end struct {
			b   brought
			err error
		}
		ended := make(chan end, 1)
		go func() { b, err := l.await(ctx, "s"); ended <- end{b, err} }()
		for _, address := range []string{"127.0.0.1", "::1"} {
			got := post(t, dial(t, net.JoinHostPort(address, strconv.Itoa(l.port))), l.port, body)
			if !strings.Contains(got, " 403 ") || !strings.Contains(got, "Content-Type: text/plain") || !strings.HasSuffix(got, notYours+"\n") {
				t.Errorf("another user at %s is answered %q", address, got)
			}
			if got := post(t, dial(t, net.JoinHostPort(address, strconv.Itoa(l.port))), l.port, "code=theirs&state=guessed"); !strings.Contains(got, " 404 ") {
				t.Errorf("another user who guesses is answered %q", got)
			}
		}
		if os.Getuid() == 0 {
			if got := post(t, dialed(t, localhost(l.port)), l.port, "code=ours&state=s"); !strings.Contains(got, " 200 ") {
				t.Errorf("we are answered %q", got)
			}
			if e := <-ended; e.err != nil || e.b.code != "ours" {
				t.Errorf("it ended with %+v", e)
			}
		}
		cancel()
		l.close()
	}
}

// TestWhoCalledSudoMayBring: where root runs this program for somebody, that
// user's browser brings the answer; nobody else's does.
func TestWhoCalledSudoMayBring(t *testing.T) {
	for _, tt := range []struct {
		uid  int
		sudo string
		want []int
	}{
		{1000, "", []int{1000}},
		{1000, "1001", []int{1000}},
		{0, "", []int{0}},
		{0, "1000", []int{0, 1000}},
		{0, "0", []int{0}},
		{0, "-1", []int{0}},
		{0, "ada", []int{0}},
	} {
		if got := bringers(tt.uid, func(string) string { return tt.sudo }); !slices.Equal(got, tt.want) {
			t.Errorf("bringers(%d) of %q = %v, want %v", tt.uid, tt.sudo, got, tt.want)
		}
	}
	if os.Getuid() != 0 {
		return // nobody else can be played
	}
	t.Setenv("SUDO_UID", strconv.Itoa(nobody))
	l, err := listenLoopback()
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	came := make(chan brought, 1)
	go func() { b, _ := l.await(t.Context(), "s"); came <- b }()
	if got := post(t, asNobody(t, localhost(l.port)), l.port, "code=mine&state=s"); !strings.Contains(got, " 200 ") {
		t.Errorf("who called sudo is answered %q", got)
	}
	if b := <-came; b.code != "mine" {
		t.Errorf("it ended with %+v", b)
	}
}

// TestAClosedSocketIsNobodys: sockets that were let go are listed as root's, and
// bring nothing.
func TestAClosedSocketIsNobodys(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		out := dialed(t, l.Addr().String())
		in, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if !mayBring(in.LocalAddr(), in.RemoteAddr(), []int{os.Getuid()}) {
			t.Errorf("%s: we may not", address)
		}
		_ = out.Close()
		_, _ = io.ReadAll(in) // its end has come
		if mayBring(in.LocalAddr(), in.RemoteAddr(), []int{os.Getuid()}) {
			t.Errorf("%s: whoever has gone may", address)
		}
		_ = in.Close()
		_ = l.Close()
	}
}

func dialed(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const nobody = 65534

// asNobody is a connection of the user nobody's. The thread that is him ends
// with the goroutine.
func asNobody(t *testing.T, address string) net.Conn {
	t.Helper()
	made := make(chan net.Conn)
	go func() {
		runtime.LockOSThread()
		_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0) // of this thread alone; it answers with the one before
		c, _ := net.Dial("tcp", address)
		made <- c
	}()
	c := <-made
	if c == nil {
		t.Fatalf("nobody cannot reach %s", address)
	}
	return c
}

// post sends a form and gives the answer as it comes.
func post(t *testing.T, c net.Conn, port int, body string) string {
	t.Helper()
	defer c.Close()
	_, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: "+localhost(port)+"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
	if err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(c)
	return string(answer)
}

// FuzzSocketOwner holds of any table that only the line of the very connection tells its
// owner.
func FuzzSocketOwner(f *testing.F) {
	from, to := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 40000}, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	line := "   0: " + tableForms(from)[0] + " " + tableForms(to)[0] + " 01 00000000:00000000 00:00000000 00000000  1000        0 12345 1"
	for _, s := range []string{"", "  sl  local_address rem_address   st\n", line, line + "\n" + line, strings.Replace(line, " 01 ", " 06 ", 1), strings.Replace(line, "12345", "0", 1), strings.Replace(line, "1000", "-1", 1), strings.Replace(line, "1000", "99999999999999999999", 1), strings.Repeat("x", 70000) + "\n" + line} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, table string) {
		uid, found := socketOwner(strings.NewReader(table), from, to)
		named := false
		for _, form := range tableForms(from) {
			named = named || strings.Contains(table, form)
		}
		if found && (!named || !strings.Contains(table, strconv.Itoa(uid)) && uid != 0) {
			t.Errorf("%d of %q", uid, table)
		}
	})
}
