package kit

import "charm.land/bubbles/v2/key"

// Key is a key of a page: how the line of keys calls it and what it does, and the keys
// themselves where they are not called so. One that is called nothing is not told.
//
//go:noinline // seventy of them would be a twentieth of a megabyte
func Key(called, does string, keys ...string) key.Binding {
	if len(keys) == 0 {
		keys = []string{called}
	}
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(called, does))
}

// Named is a key that does something else here.
func Named(b key.Binding, does string) key.Binding { return Key(b.Help().Key, does, b.Keys()...) }
