package registry

import "context"

// Many begins many changes of this process, until end is called. With 10,000
// accounts the index takes ten times as long as the change that it is written
// after. So each of them leaves it away, as a change does that is not finished, and
// needs it for a new name or identity alone; end makes it from the files. So does
// whoever looks meanwhile, and the next reader where the process is killed.
func (r *Registry) Many(ctx context.Context) (end func()) {
	unlock, err := r.locked(ctx)
	if err != nil { // each change writes it then
		return func() {}
	}
	defer unlock()
	r.many++
	return func() {
		unlock, err := r.locked(context.WithoutCancel(ctx))
		if err != nil {
			return // another copy has it, and makes the index
		}
		defer unlock()
		if r.many--; r.many > 0 {
			return
		}
		r.sweep()
		if x, err := r.current(); err == nil {
			r.writeIndex(x)
		}
	}
}
