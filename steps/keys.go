package steps

import "charm.land/bubbles/v2/key"

// The keys that several steps have.
var (
	enterKey   = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "go on"))
	backKey    = key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "back"))
	fieldKey   = key.NewBinding(key.WithKeys("tab", "shift+tab", "up", "down"), key.WithHelp("tab", "next field"))
	correctKey = key.NewBinding(key.WithKeys("i"), key.WithHelp("i", "correct the ids"))
	UnlockKey  = key.NewBinding(key.WithKeys("u"), key.WithHelp("u", "unlock the key store"))
	againKey   = key.NewBinding(key.WithKeys("r"), key.WithHelp("r", "check now"))
)

// named is a binding under another name.
func named(b key.Binding, help string) key.Binding {
	return key.NewBinding(key.WithKeys(b.Keys()...), key.WithHelp(b.Help().Key, help))
}
