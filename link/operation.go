package link

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Ports are the ways out that operations use.
type Ports struct {
	Keys        Keys
	Registry    Registry
	Microsoft   Microsoft
	SignIn      SignIn
	Azure       Azure
	SignInAzure SignInAzure
	AWS         AWS
	Save        Save
	Now         func() time.Time
}

// Event is what an operation tells while it runs.
type Event struct {
	At      time.Time
	Step    string        // name of the change, or "checks"
	State   EventState    // how far it is
	Draft   account.Draft // as it is now, where the operation works on a draft
	Report  *account.Report
	Next    time.Time // when a watch looks again
	Pause   *account.Pause
	Left    *Left  // what taking back could not remove
	Path    string // of a file that was written
	Problem *account.Problem
}

// EventState is how far a change or a look is.
type EventState string

// The states of an event.
const (
	Doing   EventState = "doing"
	Done    EventState = "done"
	Failed  EventState = "failed"
	Pausing EventState = "pausing" // the directory spreads; Pause says since when
	Looking EventState = "looking" // a check is being made
	Looked  EventState = "looked"  // it was made; Report says what it found
)

// Operation is work on an account that no screen owns. It runs on its own
// goroutine; whoever watches it may come and go.
type Operation struct {
	events chan *Event // an Event is large, and there may be thousands of operations
	again  chan struct{}
	cancel context.CancelFunc
	ended  chan struct{}
	began  time.Time

	mu   sync.Mutex
	last Event
	err  error
}

// Next waits for the next event. It returns io.EOF when the operation ended
// well, its error when it did not, and ctx's when that ended first. An event
// goes to one caller of Next; Last keeps the newest for all.
func (o *Operation) Next(ctx context.Context) (Event, error) {
	select {
	case e := <-o.events:
		return *e, nil
	default:
	}
	select {
	case e := <-o.events:
		return *e, nil
	case <-ctx.Done():
		return Event{}, context.Cause(ctx)
	case <-o.ended:
	}
	select { // what was told before the end is still told
	case e := <-o.events:
		return *e, nil
	default:
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return Event{}, o.err
	}
	return Event{}, io.EOF
}

// Last is the newest event; the zero Event before the first.
func (o *Operation) Last() Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}

// Began is when the operation was started.
func (o *Operation) Began() time.Time { return o.began }

// Again makes a watch look at once.
func (o *Operation) Again() {
	select {
	case o.again <- struct{}{}:
	default:
	}
}

// Stop asks the operation to end between two writes, and does not wait.
func (o *Operation) Stop() { o.cancel() }

// Ended is closed when the operation has ended.
func (o *Operation) Ended() <-chan struct{} { return o.ended }

// Operations are all operations of this process: it starts them, knows whether
// one of them is writing, and ends them all.
type Operations struct {
	ports  Ports
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
	drafts sync.Mutex    // one change of a draft at a time
	keys   chan struct{} // held by who is making a key

	mu      sync.Mutex
	writing []Written // under way, the oldest first
	ended   time.Time // when they were first told to end
	closed  bool      // nothing is waited for any more but what group has
}

// New is no operation yet. They end when ctx does.
func New(ctx context.Context, ports Ports) *Operations {
	ctx, cancel := context.WithCancel(ctx)
	return &Operations{ports: ports, ctx: ctx, cancel: cancel, keys: make(chan struct{}, 1)}
}

// Ports are the ways out, for questions that change nothing.
func (os *Operations) Ports() Ports { return os.ports }

// Written is what a write writes.
type Written string

// What is written.
const (
	TheDraft       Written = "draft"
	TheKey         Written = "key"
	TheCertificate Written = "certificate"
	TheAccount     Written = "account"
	TheReport      Written = "report"
	TheTenant      Written = "tenant"
)

// Writing is what is being written and must not be abandoned; empty for nothing.
func (os *Operations) Writing() Written {
	os.mu.Lock()
	defer os.mu.Unlock()
	if len(os.writing) == 0 {
		return ""
	}
	return os.writing[0]
}

// MostHeld is how long what is being written holds the program's end. What is
// not done by then is on record as begun, and is looked for by the next start.
const MostHeld = 5 * time.Second

// End tells all operations to end, each between two writes, and does not wait.
func (os *Operations) End() {
	os.mu.Lock()
	if os.ended.IsZero() {
		os.ended = time.Now()
	}
	os.mu.Unlock()
	os.cancel()
}

// Close ends all operations and waits for them, until MostHeld after they were
// first told to end.
func (os *Operations) Close() {
	os.End()
	os.mu.Lock()
	os.closed = true
	os.mu.Unlock()
	done := make(chan struct{})
	go func() { defer close(done); os.group.Wait() }()
	select {
	case <-done:
	case <-time.After(time.Until(os.ended.Add(MostHeld))):
	}
}

// start runs f as an operation. Its ctx ends with Stop and with the program.
func (os *Operations) start(f func(ctx context.Context, tell func(Event)) error) *Operation {
	ctx, cancel := context.WithCancel(os.ctx)
	o := &Operation{
		// Who is slow to follow, or does not, loses the oldest.
		events: make(chan *Event, 64), again: make(chan struct{}, 1),
		cancel: cancel, ended: make(chan struct{}), began: os.ports.Now(),
	}
	tell := func(e Event) {
		e.At = os.ports.Now()
		o.mu.Lock()
		o.last = e
		o.mu.Unlock()
		for {
			select {
			case o.events <- &e:
				return
			default:
			}
			select {
			case <-o.events:
			default:
			}
		}
	}
	os.launch(func() {
		defer close(o.ended)
		defer cancel()
		if err := f(ctx, tell); err != nil {
			o.mu.Lock()
			o.err = err
			o.mu.Unlock()
		}
	})
	return o
}

// launch runs f on a goroutine of its own that Close waits for. What a late
// command of a screen still begins after Close is not waited for: its ctx has
// ended, so that it writes nothing.
func (os *Operations) launch(f func()) {
	os.mu.Lock()
	defer os.mu.Unlock()
	if os.closed {
		go f()
		return
	}
	os.group.Go(f)
}

// write runs f as one write: it is not cancelled half way by Stop or by the
// program's end, which wait for it (the end for MostHeld), and each port bounds
// its own time.
func (os *Operations) write(ctx context.Context, what Written, f func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return &account.Problem{Kind: account.Cancelled, Err: err}
	}
	os.mu.Lock()
	os.writing = append(os.writing, what)
	os.mu.Unlock()
	defer func() {
		os.mu.Lock()
		defer os.mu.Unlock()
		i := slices.Index(os.writing, what)
		os.writing = slices.Delete(os.writing, i, i+1)
	}()
	return f(context.WithoutCancel(ctx))
}
