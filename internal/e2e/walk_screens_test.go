//go:build linux

package e2e_test

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/axiomio/xops-onboard/internal/ptytest"
)

// screens uses the screens for a while.
func (w *walk) screens() {
	w.t.Helper()
	before := w.ledger().records
	w.step("screens, with %d accounts and drafts", len(before))
	s := w.start()
	w.killed = false
	w.begins(s, len(before) > 0)
	for range 10 + w.r.IntN(30) {
		if w.over(s) {
			break
		}
		w.presses(s)
		w.quiet(s)
	}
	w.leave(s)
	now := w.ledger().records
	for _, e := range before { // the screens offer to leave what is in the cloud
		if !slices.ContainsFunc(now, func(x entry) bool { return x.ID == e.ID }) {
			w.leaves(e)
		}
	}
}

func (w *walk) over(s *ptytest.Screen) bool {
	select {
	case <-s.Over():
		return true
	default:
		return false
	}
}

// begins waits for the first page, which is the cloud selection only where nothing is there.
func (w *walk) begins(s *ptytest.Screen, known bool) {
	w.t.Helper()
	const selection = "Which cloud do you want to link first?"
	s.SeeWithin(patience, "Xops 360")
	w.quiet(s)
	if is := strings.Contains(s.Text(), selection); is == known {
		w.fails("with records here: %v, the first page is\n%s", known, s.Picture())
	}
}

// quiet waits until the screen has been the same for a moment, as somebody does who
// reads; not for long, as some things turn.
func (w *walk) quiet(s *ptytest.Screen) {
	was, same, look := "", 0, time.NewTicker(15*time.Millisecond)
	defer look.Stop()
	for range 20 {
		select {
		case <-s.Over():
			return
		case <-look.C:
		}
		if now := s.Text(); now != was {
			was, same = now, 0
		} else if same++; same == 3 {
			return
		}
	}
}

// leave ends the screens, in one of the ways in which they end.
func (w *walk) leave(s *ptytest.Screen) {
	w.t.Helper()
	how := one(w.r, "ctrl+c", "ctrl+c", "kill", "kill", "terminate", "hang up", "interrupt")
	w.step("  ends by %s", how)
	switch how {
	case "kill":
		w.kills(s)
	case "terminate":
		s.Signal(syscall.SIGTERM)
	case "hang up":
		s.Signal(syscall.SIGHUP)
	case "interrupt":
		s.Signal(os.Interrupt)
	default:
		s.Press("ctrl+c")
	}
	if !w.ended(s, how) {
		picture := s.Picture()
		s.Signal(syscall.SIGQUIT) // with all its goroutines
		_ = s.Wait()
		w.fails("the screens do not end %v after %s\n%s\n%.20000s", endLimit, how, picture, fallen(s.Recording()))
		return
	}
	if !w.killed {
		s.Restored()
	}
	if b := s.Recording(); fell(b) {
		w.fails("the screens fell over\n%s\n%.6000s", s.Picture(), fallen(b))
	}
}

// ended waits for the screens' end. ctrl+c where something is being changed stops
// that, and the page asks what then: it is pressed again.
func (w *walk) ended(s *ptytest.Screen, how string) bool {
	again, late := time.NewTicker(6*time.Second), time.After(endLimit)
	defer again.Stop()
	for {
		select {
		case <-s.Over():
			return true
		case <-again.C:
			if how == "ctrl+c" {
				s.Press("ctrl+c")
			}
		case <-late:
			return false
		}
	}
}

// presses does one thing before the screen: mostly what it asks for, else what it
// offers, or something that nobody would.
func (w *walk) presses(s *ptytest.Screen) {
	text := s.Text()
	switch n := w.r.IntN(100); {
	case n < 60 && w.guided(s, text):
	case n < 76:
		if keys := offered(text); len(keys) > 0 {
			k := one(w.r, keys...)
			w.step("  %s", k)
			s.Press(k)
			return
		}
		s.Press("enter")
	case n < 83:
		k := one(w.r, "enter", "esc", "up", "down", "tab", "shift+tab", "1", "2", "3", "?", "space", "left", "end")
		w.step("  %s", k)
		s.Press(k)
	case n < 87:
		w.step("  types")
		s.Type(one(w.r, names...))
		s.Press(one(w.r, "enter", "tab"))
	case n < 90:
		what := one(w.r, "nonsense\x07 \x1b]0;title\x07\r\n{\u202e}", strings.Repeat("long ", 20_000), w.tenant.ID(), "\x00\x01\x02\xff\xfe", "\x1b["+strings.Repeat(";", 40)+"1m", "\x9bM!!")
		w.step("  pastes %d bytes", len(what))
		s.Paste(what)
	case n < 93:
		size := one(w.r, [2]int{80, 24}, [2]int{64, 16}, [2]int{20, 5}, [2]int{1, 1}, [2]int{200, 60}, [2]int{80, 24})
		w.step("  resized to %v", size)
		s.Resize(size[0], size[1])
	case n < 96:
		w.between()
	case n < 99:
		s.Blur()
		s.Background(w.r.IntN(2) == 0)
		s.Focus()
	default:
		w.step("  killed")
		w.kills(s)
	}
}

// kills ends the screens without a chance to do anything about it.
func (w *walk) kills(s *ptytest.Screen) {
	w.killed = w.killed || !w.over(s)
	s.Signal(syscall.SIGKILL)
	_ = s.Wait()
}

// offered are the keys of the key line that can be pressed, without those that end
// or stop the program.
func offered(text string) (keys []string) {
	lines := strings.Split(text, "\n")
	for part := range strings.SplitSeq(lines[len(lines)-1], " · ") {
		key, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		switch {
		case key == "↑↓":
			keys = append(keys, "up", "down")
		case key == "enter", key == "esc", key == "tab", key == "shift+tab", key == "ctrl+y", len(key) == 1:
			keys = append(keys, key)
		}
	}
	return keys
}

// guided does what the page asks for, where this knows it.
func (w *walk) guided(s *ptytest.Screen, text string) bool {
	for _, g := range guides {
		if strings.Contains(text, g.on) {
			w.step("  at %q", g.on)
			g.do(w, s)
			return true
		}
	}
	return false
}

// guides are pages, and what somebody does there who wants to be done.
var guides = []struct {
	on string
	do func(*walk, *ptytest.Screen)
}{
	{"Which cloud do you want", func(w *walk, s *ptytest.Screen) { s.Press(one(w.r, "1", "2", "3"), "enter") }},
	{"Type this code", func(w *walk, s *ptytest.Screen) {
		s.Press("c")
		w.quiet(s)
		w.answers(`"userCode":"` + s.Clip() + `"`)
		for range 20 { // the program asks every five seconds
			if w.quiet(s); !strings.Contains(s.Text(), "Type this code") {
				break
			}
		}
	}},
	{"Your browser has the sign-in page", func(w *walk, s *ptytest.Screen) {
		pages := strings.Fields(w.opened())
		for _, p := range pages {
			w.answers(`"url":"` + p + `"`)
		}
	}},
	{"Use a device code", func(w *walk, s *ptytest.Screen) { s.Press(one(w.r, "1", "2"), "enter") }},
	{"Sign in and let the wizard do it", func(w *walk, s *ptytest.Screen) { s.Press(one(w.r, "1", "2"), "enter") }},
	{"Which tenant?", func(w *walk, s *ptytest.Screen) { s.Press("ctrl+u"); s.Type("contoso.com"); s.Press("enter") }},
	{"Name the account", func(w *walk, s *ptytest.Screen) { s.Press("ctrl+u"); s.Type(one(w.r, names...)); s.Press("enter") }},
	{"Name and home region", func(w *walk, s *ptytest.Screen) {
		s.Press("ctrl+u")
		s.Type(one(w.r, names...))
		s.Press("tab", "ctrl+u")
		s.Type(awsRegion)
		s.Press("enter")
	}},
	{"Register the application", func(w *walk, s *ptytest.Screen) { w.registered(); s.Press("enter") }},
	{"Copy the identifiers", func(w *walk, s *ptytest.Screen) {
		if w.client == "" {
			w.registered()
		}
		s.Paste(w.tenant.OverviewPage(w.client) + "\n" + w.tenant.Initial())
		w.quiet(s)
		s.Press("enter")
	}},
	{"Upload the certificate", func(w *walk, s *ptytest.Screen) { _ = w.act("upload"); s.Press("r"); w.quiet(s); s.Press("enter") }},
	{"Assign Global Reader", func(w *walk, s *ptytest.Screen) { _ = w.act("role"); s.Press("r"); w.quiet(s); s.Press("enter") }},
	{"Add the API permission", func(w *walk, s *ptytest.Screen) { _ = w.act("consent"); s.Press("r"); w.quiet(s); s.Press("enter") }},
	{"Assign Reader in Azure", func(w *walk, s *ptytest.Screen) { _ = w.act("azure"); s.Press("r"); w.quiet(s); s.Press("enter") }},
	{"Create the stack", func(w *walk, s *ptytest.Screen) { _ = w.stacks(); s.Press("enter") }},
	{"Bring back the Outputs", func(w *walk, s *ptytest.Screen) {
		table := "Key\tValue\n"
		if all := w.Stacks(awsRegion); len(all) > 0 {
			for key, value := range all[0].Outputs {
				table += key + "\t" + value + "\n"
			}
		}
		s.Paste(table)
		w.quiet(s)
		s.Press("enter")
	}},
	{"to throw it away", func(w *walk, s *ptytest.Screen) { s.Type(one(w.r, names...)); s.Press("enter") }},
	{"Take back ", func(w *walk, s *ptytest.Screen) { s.Press("b") }},
	{"Throw Con", func(w *walk, s *ptytest.Screen) { s.Press(one(w.r, "enter", "enter", "up", "x")) }},
	{"Go on where", func(w *walk, s *ptytest.Screen) { s.Press("enter") }},
	{"Type yes", func(w *walk, s *ptytest.Screen) { s.Type("yes"); s.Press("enter") }},
	{"Enter goes", func(w *walk, s *ptytest.Screen) { s.Press("enter") }},
	{"Is this the right", func(w *walk, s *ptytest.Screen) { s.Press("enter") }},
	{"Enter creates it", func(w *walk, s *ptytest.Screen) { s.Press("enter") }},
}
