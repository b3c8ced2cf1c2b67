package account

import (
	"regexp"
	"sync"
)

// Lazily compiles an expression when it is first used: the first screen does not
// wait for those that it has no use for.
func Lazily(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
