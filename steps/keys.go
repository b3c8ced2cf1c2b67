package steps

import "github.com/axiomio/xops-onboard/ui/kit"

// The keys that several steps have.
var (
	enterKey   = kit.Key("enter", "go on")
	backKey    = kit.Key("esc", "back")
	fieldKey   = kit.Key("tab", "next field", "tab", "shift+tab", "up", "down")
	correctKey = kit.Key("i", "correct the ids")
	UnlockKey  = kit.Key("u", "unlock the key store")
	againKey   = kit.Key("r", "check now")
)
