// Package player plays who administers a simulated tenant: a line of words is
// what somebody does in its portal. It is for tests and for trying a program out.
package player

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simproxy"
)

// Player is the administrator.
type Player struct {
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	proxy  *simproxy.Proxy
}

// New is the administrator of a tenant of that cloud, which is behind that proxy.
func New(cloud *simcloud.Cloud, tenant *simcloud.Tenant, proxy *simproxy.Proxy) *Player {
	return &Player{cloud: cloud, tenant: tenant, proxy: proxy}
}

// command is one thing that can be done.
type command struct {
	name, args, what string
	least            int // arguments it needs
	do               func(p *Player, args []string) (string, error)
}

const client = "CLIENT"

func commands() []command {
	t := func(f func(*simcloud.Tenant, string) error) func(*Player, []string) (string, error) {
		return func(p *Player, args []string) (string, error) {
			id, err := p.client(args[0])
			if err != nil {
				return "", err
			}
			return "done", f(p.tenant, id)
		}
	}
	return []command{
		{"register", "NAME", "register an application", 1, (*Player).register},
		{"upload", "CLIENT FILE", "upload a certificate", 2, (*Player).upload},
		{"uncertify", "CLIENT THUMBPRINT", "remove a certificate", 2, (*Player).uncertify},
		{"role", client, "assign Global Reader", 1, t((*simcloud.Tenant).AssignGlobalReader)},
		{"norole", client, "take Global Reader back", 1, t((*simcloud.Tenant).RemoveGlobalReader)},
		{"permission", "CLIENT [delegated]", "add AccessReview.Read.All", 1, (*Player).permission},
		{"consent", client, "grant admin consent", 1, t((*simcloud.Tenant).GrantConsent)},
		{"revoke", client, "withdraw consent", 1, t((*simcloud.Tenant).RevokeConsent)},
		{"disable", client, "disable the enterprise app", 1, t(func(t *simcloud.Tenant, id string) error { return t.SetEnabled(id, false) })},
		{"enable", client, "enable it again", 1, t(func(t *simcloud.Tenant, id string) error { return t.SetEnabled(id, true) })},
		{"unprincipal", client, "delete the enterprise app", 1, t((*simcloud.Tenant).DeletePrincipal)},
		{"delete", client, "delete the app registration", 1, t((*simcloud.Tenant).DeleteApp)},
		{"secret", client, "add a client secret", 1, t(func(t *simcloud.Tenant, id string) error { return t.AddSecret(id, "by hand") })},
		{"owner", client, "add an owner", 1, t(func(t *simcloud.Tenant, id string) error { return t.AddOwner(id, "Alex Wilber") })},
		{"federate", client, "add a federated credential", 1, t(func(t *simcloud.Tenant, id string) error { return t.AddFederatedCredential(id, "actions") })},
		{"person", "NAME [ROLE…]", "add a person who can sign in; roles: global privileged application cloud developer reader", 1, (*Player).person},
		{"signin", "NAME ADDRESS", "sign in where the app sends a browser, and consent", 2, (*Player).signIn},
		{"usercode", "NAME CODE", "sign in with the code the app shows, and consent", 2, (*Player).userCode},
		{"refuse", "CODE|off", "let sign-ins be refused, such as 53003", 1, (*Player).refuse},
		{"policy", "DURATION", "limit the life of certificates; 0 takes it back", 1, duration(func(p *Player, d time.Duration) { p.tenant.SetPolicy(d) })},
		{"replication", "DURATION", "let changes take that long to spread", 1, duration(func(p *Player, d time.Duration) { p.tenant.SetReplication(d) })},
		{"latency", "DURATION", "answer that much later", 1, duration(func(p *Player, d time.Duration) { p.cloud.SetLatency(d) })},
		{"clock", "DURATION", "put the services' clock ahead (negative: behind)", 1, duration(func(p *Player, d time.Duration) { p.cloud.SetClock(d) })},
		{"block", "on|off", "Conditional Access for workload identities", 1, (*Player).block},
		{"fault", "STATUS|drop|lost|html|slow|off [PATH] [TIMES]", "let requests fail", 1, (*Player).fault},
		{"apps", "", "what is in the tenant", 0, (*Player).apps},
		{"overview", "CLIENT [de]", "the Overview page, to paste", 1, (*Player).overview},
		{"requests", "", "what has been asked so far", 0, (*Player).requests},
		{"help", "", "this list", 0, (*Player).help},
	}
}

// Do carries one line out and says how it went.
func (p *Player) Do(line string) string {
	words := strings.Fields(line)
	if len(words) == 0 {
		return ""
	}
	answer, err := p.Carry(words)
	if err == nil {
		return answer
	}
	for _, own := range []error{errUsage, errUnknown} {
		if errors.Is(err, own) {
			return err.Error()
		}
	}
	return "refused: " + err.Error()
}

// What is wrong with the words themselves, before anything was done.
var (
	errUsage   = errors.New("usage")
	errUnknown = errors.New("unknown")
)

// Carry carries out what these words say, of which there is at least one.
func (p *Player) Carry(words []string) (answer string, err error) {
	for _, c := range commands() {
		if c.name != words[0] {
			continue
		}
		if len(words)-1 < c.least {
			return "", fmt.Errorf("%w: %s %s", errUsage, c.name, c.args)
		}
		return c.do(p, words[1:])
	}
	return "", fmt.Errorf("%w: %s; help lists what there is", errUnknown, words[0])
}

// client is the app that was meant: its client id or the beginning of it, or a
// dot where there is only one.
func (p *Player) client(word string) (string, error) {
	var found []string
	for _, a := range p.tenant.Apps() {
		if word == "." || strings.HasPrefix(a.ClientID, strings.ToLower(word)) {
			found = append(found, a.ClientID)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d apps match %s", len(found), word)
	}
	return found[0], nil
}

func (p *Player) register(args []string) (string, error) {
	a := p.tenant.Register(strings.Join(args, " "))
	return fmt.Sprintf("Application (client) ID  %s\nObject ID                %s\nDirectory (tenant) ID    %s\nOrganization ID          %s",
		a.ClientID, a.ObjectID, p.tenant.ID(), p.tenant.Initial()), nil
}

func (p *Player) upload(args []string) (string, error) {
	id, err := p.client(args[0])
	if err != nil {
		return "", err
	}
	file, err := os.ReadFile(strings.Join(args[1:], " "))
	if err != nil {
		return "", err
	}
	return "done", p.tenant.Upload(id, file)
}

func (p *Player) uncertify(args []string) (string, error) {
	id, err := p.client(args[0])
	if err != nil {
		return "", err
	}
	return "done", p.tenant.RemoveCertificate(id, args[1])
}

func (p *Player) permission(args []string) (string, error) {
	id, err := p.client(args[0])
	if err != nil {
		return "", err
	}
	kind := simcloud.Application
	if len(args) > 1 && args[1] == "delegated" {
		kind = simcloud.Delegated
	}
	return "done", p.tenant.AddPermission(id, kind)
}

func duration(f func(*Player, time.Duration)) func(*Player, []string) (string, error) {
	return func(p *Player, args []string) (string, error) {
		d, err := parseDuration(args[0])
		if err != nil {
			return "", err
		}
		f(p, d)
		return "done", nil
	}
}

// parseDuration knows days beside what Go knows.
func parseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(s)
}

func (p *Player) block(args []string) (string, error) {
	if args[0] != "on" && args[0] != "off" {
		return "", errors.New("on or off")
	}
	p.tenant.BlockWorkload(args[0] == "on")
	return "done", nil
}

func (p *Player) fault(args []string) (string, error) {
	var f simcloud.Fault
	switch args[0] {
	case "off":
		p.cloud.ClearFaults()
		return "done", nil
	case "drop":
		f.Drop = simcloud.Before
	case "lost":
		f.Drop = simcloud.After
	case "html":
		f.HTML = true
	case "slow":
		f.SlowBody = true
	default:
		status, err := strconv.Atoi(args[0])
		if err != nil || status < 200 || status > 599 {
			return "", fmt.Errorf("no fault is called %s", args[0])
		}
		f.Status = status
		if status == 429 || status == 503 {
			f.RetryAfter = "10"
		}
	}
	if len(args) > 1 {
		f.Match = simcloud.Path(args[1])
	}
	if len(args) > 2 {
		n, err := strconv.Atoi(args[2])
		if err != nil {
			return "", err
		}
		f.Times = n
	}
	p.cloud.Inject(f)
	return "done", nil
}

var roleWords = map[string]string{
	"global": simcloud.GlobalAdministrator, "privileged": simcloud.PrivilegedRoleAdministrator, "application": simcloud.ApplicationAdministrator,
	"cloud": simcloud.CloudApplicationAdministrator, "developer": simcloud.ApplicationDeveloper, "reader": simcloud.GlobalReader,
}

func (p *Player) person(args []string) (string, error) {
	spec := simcloud.UserSpec{UPN: args[0]}
	for _, word := range args[1:] {
		role, ok := roleWords[word]
		if !ok {
			return "", fmt.Errorf("no role is called %s", word)
		}
		spec.Roles = append(spec.Roles, role)
	}
	return p.tenant.AddUser(spec).UPN, nil
}

// signIn is a person's browser. What a page says is the answer.
func (p *Player) signIn(args []string) (string, error) {
	l, err := p.tenant.Browser(p.upn(args[0])).Open(context.Background(), args[1])
	if err != nil {
		return "", err
	}
	if l.Status == 0 {
		return l.Shown, nil
	}
	return fmt.Sprintf("the app answered %d", l.Status), nil
}

func (p *Player) userCode(args []string) (string, error) {
	return "done", p.tenant.EnterCode(p.upn(args[0]), args[1])
}

// upn is the sign-in name that was meant: the whole or what stands before the @.
func (p *Player) upn(word string) string {
	for _, u := range p.tenant.Users() {
		if strings.HasPrefix(u.UPN, word+"@") {
			return u.UPN
		}
	}
	return word
}

func (p *Player) refuse(args []string) (string, error) {
	if args[0] == "off" {
		p.tenant.AllowSignIns()
		return "done", nil
	}
	code, err := strconv.Atoi(args[0])
	if err != nil {
		return "", err
	}
	return "done", p.tenant.RefuseSignIns(code)
}

func (p *Player) apps([]string) (string, error) {
	var b strings.Builder
	for _, a := range p.tenant.Apps() {
		fmt.Fprintf(&b, "%s  %s  enabled=%t\n  requested %q granted %q roles %q\n  secrets %q owners %q federated %q\n",
			a.ClientID, a.Name, a.Enabled, a.Requested, a.Granted, a.Roles, a.Secrets, a.Owners, a.Federated)
		for _, c := range a.Certificates {
			fmt.Fprintf(&b, "  %s until %s\n", c.SHA1, c.NotAfter.Format(time.DateOnly))
		}
	}
	if b.Len() == 0 {
		return "none", nil
	}
	return strings.TrimRight(b.String(), "\n"), nil
}

func (p *Player) overview(args []string) (string, error) {
	id, err := p.client(args[0])
	if err != nil {
		return "", err
	}
	if len(args) > 1 {
		return p.tenant.OverviewPageIn(id, args[1]), nil
	}
	return p.tenant.OverviewPage(id), nil
}

func (p *Player) requests([]string) (string, error) {
	var b strings.Builder
	for _, r := range p.cloud.Requests() {
		fmt.Fprintf(&b, "%s  %d  %s %s%s\n", r.Time.Format(time.TimeOnly), r.Status, r.Method, r.Host, r.Path)
	}
	for _, host := range p.proxy.Refused() {
		fmt.Fprintf(&b, "refused  %s\n", host)
	}
	return strings.TrimRight(b.String(), "\n"), nil
}

func (p *Player) help([]string) (string, error) {
	var b strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&b, "%-54s %s\n", c.name+" "+c.args, c.what)
	}
	b.WriteString("CLIENT is a client id, the beginning of one, or a dot when there is only one app.")
	return b.String(), nil
}
