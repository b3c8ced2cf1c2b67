package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// byDevice is a sign-in with a browser anywhere, by typing a code; tell gets it.
// It ends when the person is done or the code is over, about fifteen minutes later.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code.
func (e *Entra) byDevice(ctx context.Context, wish account.SignInWish, tell func(account.SignInPrompt)) (*Session, error) {
	s, err := e.newSignIn(wish)
	if err != nil {
		return nil, err
	}
	ctx = rest.Recorded(ctx, &s.asked)
	starting, cancel := context.WithTimeout(rest.Idempotent(ctx), redeemLimit)
	defer cancel()
	code, err := s.app.AcquireTokenByDeviceCode(starting, s.scopes)
	if err != nil {
		return nil, s.problem(starting, err)
	}
	page, err := url.Parse(code.Result.VerificationURL)
	if err != nil || page.Scheme != "https" || page.Host == "" || page.User != nil || code.Result.UserCode == "" {
		return nil, &account.Problem{Kind: account.Unexpected, Subject: s.cloud.Login, Message: "the answer has no code or no page to type it on"}
	}
	s.way.every(time.Duration(code.Result.Interval) * time.Second)
	tell(account.SignInPrompt{
		Way: account.ByDeviceCode, UserCode: rest.Text(code.Result.UserCode, 40), VerificationURL: rest.Text(page.String(), 300),
		Expires: e.now().Add(time.Until(code.Result.ExpiresOn)),
	})
	result, err := code.AuthenticationResult(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, rest.Ended(ctx.Err())
	case errors.Is(err, context.DeadlineExceeded), err != nil && account.KindOf(err) == account.TimedOut && !time.Now().Before(code.Result.ExpiresOn):
		return nil, &account.Problem{Kind: account.DeviceCodeOver}
	case err != nil:
		return nil, s.problem(ctx, err)
	}
	return s.session(ctx, result)
}

// polite is the way of a sign-in's calls. The library asks whether a person is
// done at a pace of its own, whatever it is told; here such a question waits
// for the interval that the service named, five seconds more after each
// slow_down, and twice as long after each answer that was lost, until there is
// one (RFC 8628, 3.5).
type polite struct {
	http web

	mu       sync.Mutex
	interval time.Duration // 0: nobody is asked to be patient
	last     time.Time
}

const (
	usualInterval = 5 * time.Second
	slowerBy      = 5 * time.Second
	mostLost      = 5
)

// every begins to hold questions to an interval, the first of them too.
func (p *polite) every(interval time.Duration) {
	if interval <= 0 {
		interval = usualInterval
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.interval, p.last = interval, time.Now()
}

// CloseIdleConnections is rest's.
func (p *polite) CloseIdleConnections() { p.http.CloseIdleConnections() }

// Do makes the call, when it is time for it.
func (p *polite) Do(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.interval == 0 || r.Method != http.MethodPost || r.GetBody == nil {
		return p.http.Do(r)
	}
	for lost := 0; ; lost++ {
		if err := rest.Rested(r.Context(), time.Until(p.last.Add(p.interval<<lost))); err != nil {
			return nil, err
		}
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		r.Body = body
		resp, err := p.http.Do(r)
		p.last = time.Now()
		if lost+1 < mostLost && (err != nil && account.KindOf(err).MayPass() || err == nil && resp.StatusCode >= 500) {
			continue
		}
		if err == nil && tooOften(resp) {
			p.interval += slowerBy
		}
		return resp, err
	}
}

// tooOften tells whether the answer is slow_down, and leaves it to be read again.
func tooOften(resp *http.Response) bool {
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var said struct {
		Error string `json:"error"`
	}
	return err == nil && json.Unmarshal(body, &said) == nil && strings.EqualFold(said.Error, "slow_down")
}
