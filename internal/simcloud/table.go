package simcloud

// table is what belongs to names. It is data alone and costs nothing at the
// start of a program that links this, unlike a map.
type table[V any] []struct {
	name string
	is   V
}

func (t table[V]) find(name string) (v V, ok bool) {
	for i := range t {
		if t[i].name == name {
			return t[i].is, true
		}
	}
	return v, false
}
