package registry

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// LastChecks is what the last verification of each account found, as a list
// shows it. It reads one file while nothing was verified since that was written,
// and else every report, and writes it again. What cannot be read is left out,
// as what was never verified. The error is that of ctx.
func (r *Registry) LastChecks(ctx context.Context) (map[account.ID]account.LastCheck, error) {
	// The stamp first: a report that comes later makes it another.
	stamp, err := r.disk.stamp(r.checks)
	if err != nil {
		return nil, nil // none there, or none to be read
	}
	if text, err := r.disk.read(r.summary); err == nil {
		if all, of, ok := decodeChecks(text); ok && of == stamp {
			return all, nil
		}
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
func (r *Registry) everyCheck(ctx context.Context) (all map[account.ID]account.LastCheck, whole bool) {
	names, err := r.disk.list(r.checks)
	all, whole = make(map[account.ID]account.LastCheck, len(names)), err == nil
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
					all[id] = account.LastCheck{At: moment(micros(report.At)), State: report.Worst()}
				case account.NotFound:
				default:
					whole = false
				}
				mu.Unlock()
			}
		})
	}
	readers.Wait()
	return all, whole
}

// The summary is written and read as the index is:
//
//	{"schema":1,"sum":"9b2e8d01",
//	"stamp":"…","checks":[
//	[id,at,state]
//	]}
const summaryHead = `{"schema":1,"sum":"`

// unsettled is how long a directory has to be left alone before its stamp tells
// of every change: two in the same tick of the disk's clock have the same.
const unsettled = 3 * time.Second

func encodeChecks(all map[account.ID]account.LastCheck, stamp string) []byte {
	b := make([]byte, 0, 80*(len(all)+1))
	b = append(appendText(append(append(b, summaryHead+noSum...), `"stamp":`...), stamp), `,"checks":[`...)
	first := true
	for id, c := range all {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendText(append(b, "\n["...), string(id))
		b = strconv.AppendInt(append(b, ','), micros(c.At), 10)
		b = append(appendTexts(b, string(c.State)), ']')
	}
	return sum(append(b, "\n]}\n"...), summaryHead)
}

// decodeChecks reads a summary, and the stamp of what it sums up. Whatever is
// wrong with it, it is made again.
func decodeChecks(text string) (all map[account.ID]account.LastCheck, stamp string, ok bool) {
	body, ok := summed(text, summaryHead)
	if !ok {
		return nil, "", false
	}
	c := cursor{rest: body}
	c.skip(`"stamp":`)
	stamp = c.text()
	c.skip(`,"checks":[`)
	all = make(map[account.ID]account.LastCheck, strings.Count(body, "\n["))
	for n := 0; !c.wrong && !c.at("\n]}\n"); n++ {
		if n > 0 {
			c.skip(",")
		}
		c.skip("\n[")
		id := account.ID(c.text())
		all[id] = account.LastCheck{At: moment(c.number()), State: account.CheckState(c.more())}
		c.skip("]")
	}
	c.skip("\n]}\n")
	return all, stamp, !c.wrong && c.rest == ""
}
