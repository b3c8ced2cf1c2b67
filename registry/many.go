package registry

import "context"

// many is what a process knows while it makes many changes.
type many struct {
	begun int    // how often Many was called and not ended
	index *index // as the last change left it; nil where that is not known
}

// Many begins many changes of this process, until end is called. With 10,000
// accounts the index takes ten times as long as the change that it is written
// after. So each of them leaves it away, as a change does that is not finished,
// and the next goes on with what is in memory of it, as long as nobody else
// changed anything; end writes it. Whoever looks meanwhile makes it from the
// files, and so does the next reader where the process is killed.
func (r *Registry) Many(ctx context.Context) (end func()) {
	unlock, err := r.locked(ctx)
	if err != nil { // each change writes it then
		return func() {}
	}
	defer unlock()
	r.many.begun++
	return func() {
		unlock, err := r.locked(context.WithoutCancel(ctx))
		if err != nil {
			return // another copy has it, and makes the index
		}
		defer unlock()
		if r.many.begun--; r.many.begun > 0 {
			return
		}
		r.sweep()
		if x, ok := r.kept(); ok {
			r.writeIndex(x)
		}
		r.many.index = nil
	}
}

// kept is the index in memory, and whether it can be relied on: whoever else
// changed something has written one, or has left the directory otherwise.
func (r *Registry) kept() (index, bool) {
	if r.many.index == nil {
		return index{}, false
	}
	x := *r.many.index
	if _, err := r.disk.read(r.index); err == nil {
		return index{}, false
	}
	stamp, err := r.disk.stamp(r.accounts)
	return x, err == nil && r.fits(x, stamp)
}

// leave keeps the index in memory, or puts it on disk where few changes are made.
func (r *Registry) leave(x index) {
	if r.many.begun > 0 {
		r.many.index = &x
		return
	}
	r.writeIndex(x)
}
