package account

import (
	"regexp"
	"sync"
)

// Lazily compiles an expression when it is first used: the first screen does not
// wait for those that it has no use for.
func Lazily(text string) func() *regexp.Regexp { return (&lazily{text: text}).compiled }

// lazily is less than sync.OnceValue, which is copied to wherever it is called.
type lazily struct {
	text string
	once sync.Once
	is   *regexp.Regexp
}

func (l *lazily) compiled() *regexp.Regexp {
	l.once.Do(func() { l.is = regexp.MustCompile(l.text) })
	return l.is
}
