package account

import (
	"slices"
	"testing"
	"time"
)

func TestNextRungs(t *testing.T) {
	for _, tt := range []struct {
		way  SignInWay
		kind Kind
		want []Rung
	}{
		{ByDeviceCode, SignInBlocked, []Rung{RungBrowser, RungByHand}},
		{InBrowser, SignInBlocked, []Rung{RungByHand}},
		{InBrowser, DeviceNotManaged, []Rung{RungByHand}},
		{InBrowser, StrongerSignIn, []Rung{RungAgain, RungDeviceCode, RungByHand}},
		{ByDeviceCode, StrongerSignInSetUp, []Rung{RungAgain, RungBrowser, RungByHand}},
		{InBrowser, ConsentNotAllowed, []Rung{RungByHand, RungAgain}},
		{InBrowser, WrongTenantSignedIn, []Rung{RungAgain, RungByHand}},
		{InBrowser, PortTaken, []Rung{RungAgain, RungDeviceCode, RungByHand}},
		{ByDeviceCode, DeviceCodeOver, []Rung{RungAgain, RungBrowser, RungByHand}},
		{InBrowser, SignInNotMade, []Rung{RungAgain, RungDeviceCode, RungByHand}},
		{InBrowser, TenantRestricted, nil},
		{InBrowser, Cancelled, nil},
		{InBrowser, Offline, []Rung{RungAgain}},
		{InBrowser, TokenRefused, []Rung{RungAgain, RungDeviceCode, RungByHand}},
	} {
		if got := NextRungs(tt.way, tt.kind); !slices.Equal(got, tt.want) {
			t.Errorf("NextRungs(%s, %s) = %v, want %v", tt.way, tt.kind, got, tt.want)
		}
	}
}

func TestOnlyKey(t *testing.T) {
	c := Certificate{SHA1: "AB", SHA256: "CD"}
	ours, other := AppKey{Thumbprint: "ab", End: time.Unix(1, 0)}, AppKey{Thumbprint: "EF"}
	for name, tt := range map[string]struct {
		app  App
		want bool
	}{
		"ours":            {App{Keys: []AppKey{ours}}, true},
		"by SHA-256":      {App{Keys: []AppKey{{Thumbprint: "cd"}}}, true},
		"none":            {App{}, false},
		"another":         {App{Keys: []AppKey{other}}, false},
		"ours and other":  {App{Keys: []AppKey{ours, other}}, false},
		"and a secret":    {App{Keys: []AppKey{ours}, Secrets: 1}, false},
		"no thumbprint":   {App{Keys: []AppKey{{}}}, false},
		"ours, two times": {App{Keys: []AppKey{ours, ours}}, false},
	} {
		if got := tt.app.OnlyKey(c); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if (AppKey{}).Is(Certificate{}) {
		t.Error("no key is a certificate that was not made")
	}
}

// TestMadeOfAnAdoptedApp holds that an app which was there counts as the
// draft's from when our certificate is on it, and is looked for all along.
func TestMadeOfAnAdoptedApp(t *testing.T) {
	chosen := Made{Unique: "u", Adopt: "object", AdoptClient: "client"}
	adopted := Made{Unique: "u", Adopted: &Adoption{App: App{Application: "object", Client: "client"}}}
	if chosen.HasApp() || !adopted.HasApp() || !(Made{Application: "object"}).HasApp() {
		t.Error("HasApp is wrong")
	}
	for _, m := range []Made{chosen, adopted} {
		if w := (Draft{Made: m}).SurveyWish(); w != (SurveyWish{Unique: "u", Adopt: "client"}) {
			t.Errorf("of %+v the wish is %+v", m, w)
		}
	}
}
