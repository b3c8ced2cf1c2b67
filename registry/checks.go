package registry

import (
	"context"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// lastChecks is what the last verification of each account found, in order of the ids.
type lastChecks []lastCheck

type lastCheck struct {
	id    account.ID
	at    int64 // in microseconds since 1970; 0: it is not known
	state account.CheckState
}

// of is the last check of the account whose id that is, the zero value where it was never
// verified; and the id, which is not made again where it is here already.
func (all lastChecks) of(id []byte) (account.ID, account.LastCheck) {
	i, there := slices.BinarySearchFunc(all, id, lastCheck.compare)
	if !there {
		return account.ID(id), account.LastCheck{}
	}
	return all[i].id, account.LastCheck{At: moment(all[i].at), State: all[i].state}
}

// compare compares ids. Written so, the text is not copied to be compared.
func (c lastCheck) compare(id []byte) int {
	switch {
	case string(c.id) < string(id):
		return -1
	case string(c.id) > string(id):
		return 1
	}
	return 0
}

// lastChecks reads one file while nothing was verified since that was written, and else
// every report, and writes it again. What cannot be read is left out, as what was never
// verified. The error is that of ctx.
func (r *Registry) lastChecks(ctx context.Context) (lastChecks, error) {
	// The stamp first: a report that comes later makes it another.
	stamp, err := r.disk.stamp(r.checks)
	if err != nil {
		return nil, nil // none there, or none to be read
	}
	if all, of, err := r.summed(); err == nil && of == stamp {
		return all, nil
	}
	settled := r.disk.settled(r.checks)
	all, whole := r.everyCheck(ctx)
	if err := ctx.Err(); err != nil {
		return nil, &account.Problem{Kind: account.Cancelled, Err: err}
	}
	if whole && settled {
		_ = r.replace(r.summary, encodeChecks(all, stamp), false) // without it the next reader reads the reports
	}
	return all, nil
}

// everyCheck reads the reports, several at a time, as that is mostly waiting for
// the system. Whole tells that each could be read.
func (r *Registry) everyCheck(ctx context.Context) (all lastChecks, whole bool) {
	names, err := r.disk.list(r.checks)
	read, whole := make(map[account.ID]lastCheck, len(names)), err == nil
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
				id := account.ID(stem)
				report, err := r.LastReport(ctx, id)
				mu.Lock()
				switch account.KindOf(err) {
				case "":
					read[id] = lastCheck{id, micros(report.At), report.Worst()}
				case account.NotFound:
				default:
					whole = false
				}
				mu.Unlock()
			}
		})
	}
	readers.Wait()
	all = make(lastChecks, 0, len(read))
	for _, id := range slices.Sorted(maps.Keys(read)) {
		all = append(all, read[id])
	}
	return all, whole
}

// summed is the summary on disk, and the stamp of what it sums up.
func (r *Registry) summed() (lastChecks, string, error) {
	in, err := r.disk.open(r.summary)
	if err != nil {
		return nil, "", err
	}
	defer in.Close()
	return decodeChecks(in)
}

// The summary is a file of rows, [id,at,state], in order of the ids.
const summaryHead = `{"schema":2,"sum":"`

// unsettled is how long a directory has to be left alone before its stamp tells
// of every change: two in the same tick of the disk's clock have the same.
const unsettled = 3 * time.Second

func encodeChecks(all lastChecks, stamp string) []byte {
	b := beginRows(summaryHead, stamp, len(all), 80*len(all))
	for _, c := range all {
		b = appendNumber(appendText(beginRow(b), string(c.id)), c.at)
		b = append(appendTexts(b, string(c.state)), ']')
	}
	return endRows(b, summaryHead)
}

func decodeChecks(in io.Reader) (all lastChecks, stamp string, err error) {
	r, err := readRows(in, summaryHead)
	if err != nil {
		return nil, "", err
	}
	all = make(lastChecks, 0, r.room())
	err = r.each(func(c *cursor) {
		next := lastCheck{account.ID(c.quoted()), c.number(), account.CheckState(c.word())}
		if n := len(all); n > 0 && all[n-1].id >= next.id {
			c.fail()
		}
		all = append(all, next)
	})
	return all, r.stamp, err
}
