package account

import "strconv"

// Counted is a count with its noun: 1 day, 2 days.
func Counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
