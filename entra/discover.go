package entra

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

const (
	discoverLimit = 10 * time.Second
	// othersLimit bounds the question to the other clouds: a network may let
	// nobody through to one of them.
	othersLimit = 5 * time.Second
)

// Discover finds a tenant by id or domain, without any sign-in. With cloud ""
// it asks Global first, and the others only when the tenant is not there; else
// only that cloud. The duration is how far this machine's clock is ahead of
// the service's (negative: behind), to about a second; it is told with an
// error too, where there was an answer. It ends within ten seconds.
//
// Problems: InputEmpty, InputNotDomain; TenantNotFound (in none of the clouds
// that answered; Err says which did not), TenantElsewhere (Subject is the
// cloud's id, where it was told; USGov may still turn out to be USGovDoD when
// it is asked); those of the way there.
func (e *Entra) Discover(ctx context.Context, cloud account.CloudID, tenant string) (account.Tenant, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, discoverLimit)
	defer cancel()
	tenant = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(tenant)), ".")
	if err := tenantName(tenant); err != nil {
		return account.Tenant{}, 0, err
	}
	if cloud != "" {
		t, ahead, err := e.ask(ctx, cloud.Cloud(), tenant)
		if err == nil && t.Cloud != cloud.Cloud().ID {
			err = &account.Problem{Kind: account.TenantElsewhere, Subject: string(t.Cloud)}
			t = account.Tenant{}
		}
		return t, ahead, err
	}
	t, ahead, err := e.ask(ctx, account.Global.Cloud(), tenant)
	switch p := account.AsProblem(err); {
	case err != nil && p.Kind == account.TenantNotFound, err != nil && p.Kind == account.TenantElsewhere && p.Subject == "":
		return e.askOthers(ctx, otherAuthorities, tenant, ahead, p)
	case err != nil && p.Kind == account.TenantElsewhere:
		return e.askOthers(ctx, []account.CloudID{account.CloudID(p.Subject)}, tenant, ahead, p)
	}
	return t, ahead, err
}

// otherAuthorities are the clouds besides Global with an authority of their
// own; the one of USGov answers for USGovDoD too.
var otherAuthorities = []account.CloudID{account.USGov, account.China}

// askOthers asks clouds side by side; without a tenant it ends with what Global said.
func (e *Entra) askOthers(ctx context.Context, others []account.CloudID, tenant string, ahead time.Duration, global *account.Problem) (account.Tenant, time.Duration, error) {
	var all sync.WaitGroup
	defer all.Wait() // what is left over ends with cancel, which comes first
	ctx, cancel := context.WithTimeout(ctx, othersLimit)
	defer cancel()
	type found struct {
		tenant account.Tenant
		ahead  time.Duration
		err    error
	}
	answers := make(chan found, len(others))
	for _, c := range others {
		all.Go(func() {
			t, ahead, err := e.ask(ctx, c.Cloud(), tenant)
			answers <- found{t, ahead, err}
		})
	}
	var silent []error
	for range others {
		switch f := <-answers; {
		case f.err == nil:
			return f.tenant, f.ahead, nil
		case account.KindOf(f.err) == account.Cancelled:
			return account.Tenant{}, ahead, f.err
		case account.KindOf(f.err) != account.TenantNotFound:
			silent = append(silent, f.err)
		}
	}
	p := *global
	p.Err = errors.Join(silent...)
	return account.Tenant{}, ahead, &p
}

// tenantName refuses what cannot be a tenant before it gets into an address.
func tenantName(s string) error {
	switch {
	case s == "":
		return &account.Problem{Kind: account.InputEmpty}
	case account.IsGUID(s):
		return nil
	case len(s) > 253 || !strings.Contains(s, ".") || strings.Contains(s, "..") || strings.HasPrefix(s, "."):
		return &account.Problem{Kind: account.InputNotDomain}
	}
	for _, c := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789.-", c) {
			return &account.Problem{Kind: account.InputNotDomain}
		}
	}
	return nil
}

// discovery is what is used of a tenant's OpenID configuration.
// Source: learn.microsoft.com/entra/identity-platform/v2-protocols-oidc.
type discovery struct {
	Issuer        string `json:"issuer"`
	TokenEndpoint string `json:"token_endpoint"`
	SubScope      string `json:"tenant_region_sub_scope"`
	Instance      string `json:"cloud_instance_name"`
	Graph         string `json:"msgraph_host"`
}

func (e *Entra) ask(ctx context.Context, c account.Cloud, tenant string) (account.Tenant, time.Duration, error) {
	var d discovery
	a, err := e.rest.GetJSON(ctx, "https://"+c.Login+"/"+tenant+"/v2.0/.well-known/openid-configuration", rest.Bearer{}, &d)
	ahead, _ := a.Ahead()
	var refusal *rest.Refusal
	if errors.As(err, &refusal) {
		return account.Tenant{}, ahead, tokenRefusal{
			Error: refusal.Code, Description: refusal.Text, status: refusal.Status, answer: refusal.Answer,
		}.problem(e.now())
	}
	if err != nil {
		return account.Tenant{}, ahead, err
	}
	id, ok := d.tenant()
	if !ok || account.IsGUID(tenant) && string(id) != tenant {
		return account.Tenant{}, ahead, &account.Problem{
			Kind: account.Unexpected, Subject: c.Login, Status: a.Status, RequestID: a.RequestID,
			Message: "the answer does not name the tenant that was asked for",
		}
	}
	return account.Tenant{ID: id, Cloud: d.cloud(c.ID)}, ahead, nil
}

// tenant is the tenant's id, which the issuer and the token endpoint name.
func (d discovery) tenant() (account.TenantID, bool) {
	issuer, endpoint := guidIn(d.Issuer), guidIn(d.TokenEndpoint)
	switch {
	case issuer == "":
		return account.TenantID(endpoint), endpoint != ""
	case endpoint == "" || endpoint == issuer:
		return account.TenantID(issuer), true
	}
	return "", false
}

// guidIn is the first part of an address's path when it is a GUID.
func guidIn(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return ""
	}
	part, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if !account.IsGUID(part) {
		return ""
	}
	return strings.ToLower(part)
}

// cloud is where the tenant lives. The two US Government clouds share one
// authority; only the answer tells them apart.
func (d discovery) cloud(asked account.CloudID) account.CloudID {
	switch strings.ToUpper(d.SubScope) {
	case "DODCON":
		return account.USGov
	case "DOD":
		return account.USGovDoD
	}
	for _, id := range account.Clouds {
		if strings.EqualFold(d.Graph, id.Cloud().Graph) {
			return id
		}
	}
	if id, ok := cloudNamed(d.Instance); ok {
		return id
	}
	return asked
}

// cloudNamed is the cloud that Entra ID means by the name of an instance.
func cloudNamed(instance string) (account.CloudID, bool) {
	s := strings.ToLower(instance)
	switch {
	case strings.Contains(s, "microsoftonline.us"), strings.Contains(s, "usgov"):
		return account.USGov, true
	case strings.Contains(s, "microsoftonline.cn"), strings.Contains(s, "chinacloud"):
		return account.China, true
	case strings.Contains(s, "microsoftonline.com"):
		return account.Global, true
	}
	return "", false
}
