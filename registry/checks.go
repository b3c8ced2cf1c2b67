package registry

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// lastChecks is what the last verification found of each account, the zero value of one
// that was never verified.
type lastChecks map[account.ID]account.LastCheck

// lastChecks are those of accounts. It reads one file while nothing was verified since that
// was written, and else every report. What cannot be read is left out, as what was never
// verified. The stamp is that of the reports where all of that is so as long as it is; empty
// where it may not be. The error is that of ctx.
func (r *Registry) lastChecks(ctx context.Context, accounts []account.Row) (all lastChecks, stamp string, err error) {
	// The stamp first: a report that comes later makes it another.
	if stamp, err = r.disk.stamp(r.checks); err != nil {
		return nil, "", nil // none there, or none to be read
	}
	whole := true
	if all, err = r.summed(stamp); err == nil {
		for _, a := range accounts {
			if _, known := all[a.ID]; known {
				continue
			}
			last, err := r.lastCheck(ctx, a.ID) // it may have been verified as a draft
			if all[a.ID] = last; err != nil {
				whole = false
			}
		}
	} else {
		settled := r.disk.settled(r.checks)
		all, whole = r.everyCheck(ctx)
		whole = whole && settled
	}
	if err := ctx.Err(); err != nil {
		return nil, "", &account.Problem{Kind: account.Cancelled, Err: err}
	}
	if !whole {
		stamp = ""
	}
	return all, stamp, nil
}

// lastCheck reads the report of an account; the zero value where there is none.
func (r *Registry) lastCheck(ctx context.Context, id account.ID) (account.LastCheck, error) {
	report, err := r.LastReport(ctx, id)
	if account.KindOf(err) == account.NotFound {
		return account.LastCheck{}, nil
	}
	if err != nil {
		return account.LastCheck{}, err
	}
	return account.LastCheck{At: moment(micros(report.At)), State: report.Worst()}, nil
}

// everyCheck reads the reports, several at a time, as that is mostly waiting for
// the system. Whole tells that each could be read.
func (r *Registry) everyCheck(ctx context.Context) (all lastChecks, whole bool) {
	names, err := r.disk.list(r.checks)
	all, whole = make(lastChecks, len(names)), err == nil
	var mu sync.Mutex
	var readers sync.WaitGroup
	parts := 2 * runtime.GOMAXPROCS(0)
	for part := range parts {
		readers.Go(func() {
			for i := part; i < len(names) && ctx.Err() == nil; i += parts {
				stem, ours := strings.CutSuffix(names[i], ".json")
				if !ours {
					continue
				}
				last, err := r.lastCheck(ctx, account.ID(stem))
				mu.Lock()
				if all[account.ID(stem)] = last; err != nil {
					whole = false
				}
				mu.Unlock()
			}
		})
	}
	readers.Wait()
	return all, whole
}

// unsettled is how long a directory has to be left alone before its stamp tells
// of every change: two in the same tick of the disk's clock have the same.
const unsettled = 3 * time.Second

// The summary is a file of rows, one for each account in the order of the index: id, when
// it was verified, and the state of the worst check, which is empty where it never was.
const summaryHead = "xops-onboard checks 3\n"

func summaryOf(stamp string, accounts []account.Row, all lastChecks) []byte {
	w := writeRows(summaryHead, stamp, len(accounts), 64*len(accounts))
	for _, a := range accounts {
		last := all[a.ID]
		w.begin()
		w.text(string(a.ID))
		w.number(micros(last.At))
		w.word(string(last.State))
		w.end()
	}
	return w.file()
}

// openSummary begins to read the summary of the reports whose directory has that stamp.
func (r *Registry) openSummary(stamp string) (s *rows, end func() error, err error) {
	in, err := r.disk.open(r.summary)
	if err != nil {
		return nil, nil, err
	}
	if s, err = readRows(in, summaryHead); err != nil || s.stamp != stamp {
		_ = in.Close()
		return nil, nil, errRows
	}
	return s, in.Close, nil
}

// summed reads the summary whole.
func (r *Registry) summed(stamp string) (lastChecks, error) {
	s, end, err := r.openSummary(stamp)
	if err != nil {
		return nil, err
	}
	defer end()
	all := make(lastChecks, s.room())
	err = s.each(func(c *cursor) {
		id, last := c.check()
		all[account.ID(id)] = last
	})
	return all, err
}

func (c *cursor) check() (id []byte, last account.LastCheck) {
	id, last.At = c.text(), moment(c.number())
	last.State = account.CheckState(c.word())
	return id, last
}

// inStep reads the summary beside the index, whose order it has; nil where nothing was
// ever verified.
type inStep struct {
	summary *rows
	row     cursor
	lost    bool // it is not so
}

// of is the last check of the account that comes next.
func (s *inStep) of(id account.ID) account.LastCheck {
	if s == nil || s.lost {
		return account.LastCheck{}
	}
	if s.summary.next(&s.row) != nil {
		s.lost = true
		return account.LastCheck{}
	}
	of, last := s.row.check()
	s.lost = !s.row.over() || string(of) != string(id)
	return last
}

// ended tells that all of it was read, and was in step.
func (s *inStep) ended() bool {
	return s == nil || !s.lost && errors.Is(s.summary.next(&s.row), io.EOF)
}
