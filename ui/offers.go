package ui

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

func (a *App) offers() []steps.Offer {
	if a.wizard != nil {
		return a.wizard.Step().Offers()
	}
	return a.page.Offers()
}

// offered does what a key stands for among what the page offers.
func (a *App) offered(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	offers := a.offers()
	if key.Matches(msg, linkKey) || key.Matches(msg, copyKey) {
		for _, o := range offers {
			if o.Kind == steps.Open {
				if key.Matches(msg, copyKey) {
					o.Kind = steps.Copy
				}
				return a.give(o), true
			}
		}
		return nil, false
	}
	if a.typing() {
		return nil, false
	}
	if text := list(offers); key.Matches(msg, listKey) && text != "" {
		return show(a.ctx, text), true
	}
	for _, o := range offers {
		if o.Key == msg.String() && o.There() {
			return a.give(o), true
		}
	}
	return nil, false
}

// give brings an offer where it belongs.
func (a *App) give(o steps.Offer) tea.Cmd {
	switch o.Kind {
	case steps.Copy:
		a.notice = "Copied, if your terminal allows it. l shows it on the normal screen."
		return tea.SetClipboard(o.Value)
	case steps.Show:
		return show(a.ctx, o.Value)
	case steps.HandOver:
		a.dialog = a.handOver(o)
		return nil
	}
	if a.ports.Demo != nil {
		a.dialog = &textDialog{title: "The demo portal", text: a.ports.Demo(o.Value)}
		return nil
	}
	open, ctx := a.ports.Open, a.ctx
	return func() tea.Msg {
		if err := open(ctx, o.Value); err != nil {
			return didMsg("No browser could be opened here. ctrl+y copies the link, l shows it.")
		}
		return didMsg("Opened in your browser.")
	}
}

// list is every offer, each value whole and on a line of its own.
func list(offers []steps.Offer) string {
	var b strings.Builder
	for _, o := range offers {
		if o.Value != "" && o.Kind != steps.HandOver && o.Kind != steps.Show {
			fmt.Fprintf(&b, "%s\n%s\n\n", o.Title, strings.TrimSpace(o.Value))
		}
	}
	return b.String()
}

// show leaves the alternate screen and shows a text there, unbroken, to be
// selected, until enter is pressed or the program is told to end.
func show(ctx context.Context, text string) tea.Cmd {
	return func() tea.Msg {
		s := &shown{ctx: ctx, text: text}
		s.listen()
		return tea.Exec(s, s.ended)()
	}
}

// shown is a tea.ExecCommand that runs nothing: it prints and waits for a line.
type shown struct {
	ctx  context.Context // its own Run is not given one
	text string
	in   io.Reader
	out  io.Writer

	interrupted, told context.Context // end with such a signal
	release           func()
}

// listen hears the signals that tell the program to end. While something has the
// terminal ctrl+c is one, and Bubble Tea (2.1.1) heeds none; it has stopped to, half a
// second before Run at times.
func (s *shown) listen() {
	var one, other func()
	s.interrupted, one = signal.NotifyContext(s.ctx, syscall.SIGINT)
	s.told, other = signal.NotifyContext(s.ctx, syscall.SIGTERM)
	s.release = func() { one(); other() }
}

// ended goes back to the page, or ends the program, which needs a frame first: without
// one Bubble Tea gives the keyboard back before it has taken it.
func (s *shown) ended(err error) tea.Msg {
	switch {
	case errors.Is(err, tea.ErrInterrupted):
		time.Sleep(leastShown)
		return tea.InterruptMsg{}
	case errors.Is(err, errToldToEnd):
		time.Sleep(leastShown)
		return tea.QuitMsg{}
	}
	return didMsg("")
}

func (s *shown) SetStdin(r io.Reader)  { s.in = r }
func (s *shown) SetStdout(w io.Writer) { s.out = w }
func (s *shown) SetStderr(io.Writer)   {}

// leastShown is how long the text is shown at least, however fast enter comes.
// Bubble Tea (2.1.1) stops the clock of its renderer in the goroutine that drew
// until now, and does not wait for it: where that one comes late, after the
// screens are back, it stops the new clock, and nothing is drawn any more.
const leastShown = 100 * time.Millisecond

var errToldToEnd = errors.New("the program was told to end")

// Run prints and waits for enter, or for the end of the input, or until the program
// is told to end.
func (s *shown) Run() error {
	defer s.release()
	began := time.Now()
	if _, err := fmt.Fprintf(s.out, "\n%s\n\nPress Enter to go back. ", steps.Plainly(strings.TrimRight(s.text, "\n"))); err != nil {
		return err
	}
	line := make(chan error, 1)
	go func() { // after a signal it reads until the program ends, which is next
		_, err := bufio.NewReader(s.in).ReadString('\n')
		line <- err
	}()
	var err error
	select {
	case err = <-line:
	case <-s.interrupted.Done():
		err = cmp.Or(s.ctx.Err(), error(tea.ErrInterrupted))
	case <-s.told.Done():
		err = cmp.Or(s.ctx.Err(), errToldToEnd)
	}
	time.Sleep(time.Until(began.Add(leastShown)))
	return err
}

// saveText writes a text file and says where it is.
func (a *App) saveText(name, text string) tea.Cmd {
	write, ctx := a.ports.Text, a.ctx
	return func() tea.Msg {
		path, err := write(context.WithoutCancel(ctx), name, text)
		if err != nil {
			return didMsg(steps.Advise(account.AsProblem(err)).Line())
		}
		return didMsg("Saved as " + path)
	}
}
