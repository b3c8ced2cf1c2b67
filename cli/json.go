package cli

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// What is written as JSON has types of its own, here and beside its command, and
// never those that the registry keeps on disk: docs/json.schema.json holds each of
// their fields, and promises them to scripts.

// encode writes one object as JSON that a terminal may show, on a line.
func encode(w io.Writer, x any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x); err != nil {
		return err
	}
	_, err := w.Write(account.Escaped(b.Bytes()))
	return err
}

// moment is a time as JSON has it: RFC 3339 in UTC, in whole seconds, which every
// tool reads.
type moment struct{ time.Time }

// MarshalJSON is that text.
func (m moment) MarshalJSON() ([]byte, error) {
	return json.Marshal(m.UTC().Format(time.RFC3339))
}

// seconds is a time span as JSON has it. What is left of a second counts, so that who
// waits that long has waited long enough.
func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// progress is what a command tells while it works: how far one step is.
type progress struct {
	At         moment          `json:"at"`
	Step       string          `json:"step"`
	State      link.EventState `json:"state"`
	Name       account.Name    `json:"name,omitempty"`   // of the account, where there are several
	Checks     []check         `json:"checks,omitempty"` // that were made by now
	Next       moment          `json:"next,omitzero"`    // when it looks again
	Pause      *pause          `json:"pause,omitempty"`
	Path       string          `json:"path,omitempty"` // of a file that was written
	Restorable []restorable    `json:"restorable,omitempty"`
	Problem    *toldProblem    `json:"problem,omitempty"`
}

func toProgress(n account.Name, e link.Event) progress {
	p := progress{At: moment{e.At}, Step: e.Step, State: e.State, Name: n, Next: moment{e.Next}, Path: e.Path, Restorable: toRestorable(e.Left), Problem: toProblem(e.Problem)}
	if e.Report != nil {
		p.Checks = toChecks(e.Report.Checks)
	}
	if e.Pause != nil {
		p.Pause = &pause{e.Pause.Reason, moment{e.Pause.Since}, moment{e.Pause.Next}, moment{e.Pause.Until}, e.Pause.Detail}
	}
	return p
}

// pause is what a step waits for.
type pause struct {
	Reason account.PauseReason `json:"reason"`
	Since  moment              `json:"since"`
	Next   moment              `json:"next"`  // when it looks again
	Until  moment              `json:"until"` // when it gives up
	Detail string              `json:"detail,omitempty"`
}

// asked is that somebody has to sign in.
type asked struct {
	At     moment `json:"at"`
	Step   string `json:"step"`
	State  string `json:"state"`
	Prompt prompt `json:"prompt"`
}

// prompt is what a person has to be shown to sign in.
type prompt struct {
	Way             account.SignInWay `json:"way"`
	Expires         moment            `json:"expires"`
	URL             string            `json:"url,omitempty"`
	Port            int               `json:"port,omitempty"` // where the browser's answer is awaited, for a tunnel
	UserCode        string            `json:"userCode,omitempty"`
	VerificationURL string            `json:"verificationUrl,omitempty"` // where that is typed
}

func toPrompt(p account.SignInPrompt) prompt {
	return prompt{p.Way, moment{p.Expires}, p.URL, p.Port, p.UserCode, p.VerificationURL}
}

// toldProblem is why something did not come to be, with what people are told of it.
type toldProblem struct {
	Kind          account.Kind       `json:"kind"`
	Text          string             `json:"text"`
	Advice        string             `json:"advice,omitempty"`
	Subject       string             `json:"subject,omitempty"`    // what it is about, where the kind says so
	StoreState    account.StoreState `json:"storeState,omitempty"` // of the key store
	ErrorCode     string             `json:"errorCode,omitempty"`  // of the service
	Message       string             `json:"message,omitempty"`    // the service's own
	Status        int                `json:"status,omitempty"`     // of HTTP
	RequestID     string             `json:"requestId,omitempty"`
	CorrelationID string             `json:"correlationId,omitempty"`
	ServerTime    moment             `json:"serverTime,omitzero"`
	SkewSeconds   int64              `json:"skewSeconds,omitempty"` // this machine's clock less the server's
	WaitSeconds   int64              `json:"waitSeconds,omitempty"`
	LeftSeconds   int64              `json:"leftSeconds,omitempty"`
}

// toProblem is a problem with its words; nil for none.
func toProblem(p *account.Problem) *toldProblem {
	if p == nil {
		return nil
	}
	text, do := advice(p)
	return &toldProblem{
		p.Kind, account.Clean(text, textLimit), account.Clean(do, textLimit), p.Subject, p.State, p.Code, p.Message, p.Status,
		p.RequestID, p.CorrelationID,
		moment{p.ServerTime},
		seconds(p.Skew), seconds(p.Wait), seconds(p.Left),
	}
}

// check is how one check ended.
type check struct {
	Name     account.CheckName  `json:"name"`
	State    account.CheckState `json:"state"`
	At       moment             `json:"at"`
	Detail   []string           `json:"detail,omitempty"`  // what was found, for people
	Problem  *toldProblem       `json:"problem,omitempty"` // of every state but holds
	Evidence []evidence         `json:"evidence,omitempty"`
}

func toCheck(c account.Check) check {
	return check{c.Name, c.State, moment{c.At}, c.Detail, toProblem(c.Problem), toEvidence(c.Evidence)}
}

func toChecks(all []account.Check) []check { return each(all, toCheck) }

// evidence is one question that was put to a service.
type evidence struct {
	At              moment `json:"at"`
	Method          string `json:"method"`
	Path            string `json:"path"` // host, path, and the query of a read
	Status          int    `json:"status"`
	RequestID       string `json:"requestId,omitempty"`
	ClientRequestID string `json:"clientRequestId,omitempty"`
}

func toEvidence(all []account.Evidence) []evidence {
	return each(all, func(e account.Evidence) evidence {
		return evidence{moment{e.At}, e.Method, e.Path, e.Status, e.RequestID, e.ClientRequestID}
	})
}

// restorable is something that was deleted, and not for good.
type restorable struct {
	Object account.ObjectID   `json:"object"`
	Kind   account.BinnedKind `json:"kind,omitempty"`
	Name   string             `json:"name,omitempty"`
	Until  moment             `json:"until,omitzero"`
}

func toRestorable(l *link.Left) []restorable {
	if l == nil {
		return nil
	}
	return each(l.Binned, func(b account.Binned) restorable { return restorable{b.Object, b.Kind, b.Name, moment{b.Until}} })
}

// survey is what the signed-in administrator sees before anything is changed.
type survey struct {
	Person       person             `json:"person"`
	TenantName   string             `json:"tenantName"`
	Organization account.Domain     `json:"organization,omitempty"`
	Domains      []string           `json:"domains"`
	Roles        []string           `json:"roles"`
	RolesRead    bool               `json:"rolesRead"` // else roles are not known
	Rights       []right            `json:"rights"`    // that the changes need
	Tagged       []app              `json:"tagged"`    // apps that this program made, here or elsewhere
	TaggedRead   bool               `json:"taggedRead"`
	Own          *app               `json:"own,omitempty"` // the draft's own app
	Adopted      *adopted           `json:"adopted,omitempty"`
	Permission   account.CheckState `json:"permission"`                       // whether Microsoft Graph offers it
	LifeSeconds  int64              `json:"certificateLifeSeconds,omitempty"` // the longest that a policy lets one live
	TrustedOnly  bool               `json:"trustedOnly"`                      // only certificates of trusted authorities are taken
	PolicyRead   bool               `json:"policyRead"`                       // else these two are not known
	Evidence     []evidence         `json:"evidence,omitempty"`
}

// person is who signed in.
type person struct {
	ID     account.ObjectID `json:"id"`
	Name   string           `json:"name"`
	UPN    string           `json:"upn"`
	Tenant account.TenantID `json:"tenant"`
	Client account.ClientID `json:"client,omitempty"` // the app signed in to
}

// right is one right, and whether the person has it.
type right struct {
	Name  account.RightName  `json:"name"`
	Roles []string           `json:"roles"` // that give it, the least first
	State account.CheckState `json:"state"`
}

// app is an app registration.
type app struct {
	Application account.ObjectID `json:"application"`
	Client      account.ClientID `json:"client"`
	Name        string           `json:"name"`
	Unique      string           `json:"unique,omitempty"`
	Created     moment           `json:"created,omitzero"`
	Owners      []string         `json:"owners,omitempty"`
	Keys        []appKey         `json:"keys,omitempty"`
	Secrets     int              `json:"secrets,omitempty"`
}

// appKey is a certificate of an app.
type appKey struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Thumbprint string `json:"thumbprint,omitempty"`
	Expires    moment `json:"expires"`
}

// adopted is an app that is there already and is to be used.
type adopted struct {
	App       app              `json:"app"`
	Principal account.ObjectID `json:"principal,omitempty"`
	Foreign   []string         `json:"foreign,omitempty"` // what is on it that is not this program's, for people
	Unread    *toldProblem     `json:"unread,omitempty"`  // why a part of it could not be looked at
}

func toSurvey(s account.Survey) *survey {
	out := &survey{
		Person: person(s.Person), TenantName: account.Clean(s.TenantName, textLimit), Organization: s.Initial, Domains: some(s.Domains), Roles: some(s.Roles), RolesRead: s.RolesRead,
		Rights:     some(each(s.Rights, func(r account.Right) right { return right{r.Name, some(r.Roles), r.State} })),
		Tagged:     some(each(s.Tagged, toApp)),
		TaggedRead: s.TaggedRead, Permission: s.Permission, LifeSeconds: int64(s.Life / time.Second), TrustedOnly: s.TrustedOnly, PolicyRead: s.PolicyRead,
		Evidence: toEvidence(s.Evidence),
	}
	if s.Own.Found() {
		own := toApp(s.Own)
		out.Own = &own
	}
	if a := s.Adopted; a.App.Found() {
		out.Adopted = &adopted{toApp(a.App), a.Principal, a.Foreign, toProblem(a.Unread)}
	}
	return out
}

func toApp(a account.App) app {
	keys := each(a.Keys, func(k account.AppKey) appKey { return appKey{k.ID, k.Name, k.Thumbprint, moment{k.End}} })
	return app{a.Application, a.Client, a.Name, a.Unique, moment{a.Made}, a.Owners, keys, a.Secrets}
}

// each is f of all of them; nil of none.
func each[A, B any](all []A, f func(A) B) (out []B) {
	for _, a := range all {
		out = append(out, f(a))
	}
	return out
}

// some is a list that is there even when it is empty.
func some[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}
