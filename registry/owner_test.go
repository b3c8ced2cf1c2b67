package registry

import (
	"testing"

	"github.com/axiomio/xops-onboard/account"
)

func TestAlive(t *testing.T) {
	me := account.Owner{Host: "here", Boot: "b 1", PID: 7, Start: "70"}
	started := func(pid int) (string, state) {
		switch pid {
		case 7, 8:
			return "70", running
		case 9:
			return "", hidden
		}
		return "", gone
	}
	for _, tt := range []struct {
		name string
		o    account.Owner
		want bool
	}{
		{"nobody", account.Owner{}, false},
		{"this process", me, true},
		{"another process", account.Owner{Host: "here", Boot: "b 1", PID: 8, Start: "70"}, true},
		{"ended", account.Owner{Host: "here", Boot: "b 1", PID: 10, Start: "70"}, false},
		{"ended, and its number in use again", account.Owner{Host: "here", Boot: "b 1", PID: 8, Start: "69"}, false},
		{"cannot be seen", account.Owner{Host: "here", Boot: "b 1", PID: 9, Start: "70"}, true},
		{"started anew since", account.Owner{Host: "here", Boot: "a 1", PID: 8, Start: "70"}, false},
		{"the host renamed since", account.Owner{Host: "there", Boot: "b 1", PID: 8, Start: "70"}, true},
		{"the host renamed since, ended", account.Owner{Host: "there", Boot: "b 1", PID: 10, Start: "70"}, false},
		{"another container", account.Owner{Host: "here", Boot: "b 2", PID: 10, Start: "70"}, true},
		{"another host", account.Owner{Host: "there", Boot: "a 1", PID: 10, Start: "70"}, true},
		{"its start not told", account.Owner{Host: "here", PID: 10, Start: "70"}, true},
	} {
		if got := alive(tt.o, me, started); got != tt.want {
			t.Errorf("%s: alive %v, want %v", tt.name, got, tt.want)
		}
	}

	// Where the system's start is not told, creation times are enough.
	me.Boot = ""
	for o, want := range map[account.Owner]bool{
		{Host: "here", PID: 8, Start: "70"}:  true,
		{Host: "here", PID: 8, Start: "60"}:  false,
		{Host: "here", PID: 10, Start: "70"}: false,
		{Host: "there", PID: 8, Start: "70"}: true,
	} {
		if got := alive(o, me, started); got != want {
			t.Errorf("%+v: alive %v, want %v", o, got, want)
		}
	}
}
