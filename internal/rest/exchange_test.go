package rest

import (
	"cmp"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

const awsHost = "sts.eu-west-1.amazonaws.com"

func signed(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("Action=GetCallerIdentity"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 …")
	return r
}

func TestExchangeHandsBackWhatCame(t *testing.T) {
	c, s := newClient(t, says(403, "<ErrorResponse/>", "X-Amzn-Requestid", "r-1", "Content-Type", "text/xml"))
	got, err := c.Exchange(signed(t, "https://"+awsHost+"/"), awsHost)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != 403 || string(got.Body) != "<ErrorResponse/>" || got.RequestID != "r-1" || got.Header.Get("Content-Type") != "text/xml" {
		t.Errorf("got %+v", got)
	}
	if s.seen[0].id != "" || got.ClientRequestID != "" {
		t.Errorf("a request id of ours was sent that the service does not keep: %q", s.seen[0].id)
	}
}

func TestExchangeGoesToItsHostAlone(t *testing.T) {
	for _, address := range []string{
		"https://sts.eu-west-1.amazonaws.com.evil.example/", "http://" + awsHost + "/", "https://" + awsHost + ":8443/", "https://u:p@" + awsHost + "/",
	} {
		c, s := newClient(t, says(200, "{}"))
		if _, err := c.Exchange(signed(t, address), awsHost); err == nil || s.asked() != 0 {
			t.Errorf("%s: error %v, asked %d times", address, err, s.asked())
		}
	}
}

func TestExchangeSeesWhoAnswersInTheServicesPlace(t *testing.T) {
	for status, want := range map[int]account.Kind{407: account.ProxyRefused, 302: account.NotTheService} {
		c, s := newClient(t, says(status, "<html>", "Location", "https://portal.example/"))
		_, err := c.Exchange(signed(t, "https://"+awsHost+"/"), awsHost)
		wantKind(t, err, want)
		if s.asked() != 1 {
			t.Errorf("%d: asked %d times", status, s.asked())
		}
	}
}

// TestExchangeHoldsBackOneHolder has a service that asks one AWS account to wait:
// on the same host and path another's call goes at once, and its own when it was told.
func TestExchangeHoldsBackOneHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, says(429, "", "Retry-After", "1800"), says(200, "{}"))
		call := func(holder string) error {
			r := signed(t, "https://"+awsHost+"/")
			_, err := c.Exchange(r.WithContext(For(r.Context(), holder)), awsHost)
			return err
		}
		const one, other = "111111111111", "222222222222"
		if err := cmp.Or(call(one), call(other)); err != nil || s.asked() != 2 {
			t.Errorf("asked %d times, %v; want 2", s.asked(), err)
		}
		if err := call(one); account.KindOf(err) != account.Throttled || s.asked() != 2 {
			t.Errorf("asked %d times, %v; want 2, and that it is throttled", s.asked(), err)
		}
		time.Sleep(30 * time.Minute)
		if err := call(one); err != nil {
			t.Error(err)
		}
	})
}
