package aws

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// caller makes calls in one region with one set of credentials.
type caller struct {
	aws    *AWS
	region account.AWSRegion
	// keys are the credentials, or why there are none.
	keys func() (sdk.Credentials, error)
}

// with are credentials that are there.
func with(k sdk.Credentials) func() (sdk.Credentials, error) {
	return func() (sdk.Credentials, error) { return k, nil }
}

// made is the trail of one call, empty where it was not sent.
func made(e account.Evidence) []account.Evidence {
	if e.Path == "" {
		return nil
	}
	return []account.Evidence{e}
}

// request is one call as a service takes it.
type request struct {
	service service
	action  string
	method  string
	path    string
	content string
	target  string // X-Amz-Target
	body    []byte
	sign    func(ctx context.Context, r *http.Request, body []byte) error
}

// form makes a call of a service that takes forms and answers in XML.
func (c caller) form(ctx context.Context, s service, action string, values url.Values, into any) (account.Evidence, error) {
	filled := url.Values{"Action": {action}, "Version": {apiVersions[s]}}
	for name, v := range values {
		filled[name] = v
	}
	body, e, err := c.call(ctx, request{
		service: s, action: action, method: http.MethodPost, path: "/",
		content: "application/x-www-form-urlencoded; charset=utf-8", body: []byte(filled.Encode()),
	})
	if err != nil {
		return e, err
	}
	return e, readXML(body, action, into)
}

// json makes a call of a service that takes JSON under a target's name.
func (c caller) json(ctx context.Context, s service, target, action string, in, into any) (account.Evidence, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return account.Evidence{}, unexpected("write %s: %w", action, err)
	}
	body, e, err := c.call(ctx, request{
		service: s, action: action, method: http.MethodPost, path: "/",
		content: "application/x-amz-json-1.1", target: target + "." + action, body: text,
	})
	if err != nil {
		return e, err
	}
	return e, readJSON(body, into)
}

// get makes a call of a service that has an address for everything.
func (c caller) get(ctx context.Context, s service, action, path string, into any) (account.Evidence, error) {
	body, e, err := c.call(ctx, request{service: s, action: action, method: http.MethodGet, path: path})
	if err != nil {
		return e, err
	}
	return e, readJSON(body, into)
}

// call signs a request with the caller's credentials and makes it.
func (c caller) call(ctx context.Context, q request) ([]byte, account.Evidence, error) {
	q.sign = func(ctx context.Context, r *http.Request, body []byte) error {
		keys, err := c.keys()
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		err = v4.NewSigner().SignHTTP(ctx, keys, r, hex.EncodeToString(sum[:]), string(q.service), string(q.service.signedFor(c.region)), c.aws.now())
		if err != nil {
			return &account.Problem{Kind: account.Unexpected, Message: "the call cannot be signed"}
		}
		return nil
	}
	return c.aws.send(ctx, c.region, q)
}

// tries is how often a call is made that is answered with "less often".
const tries = 3

// send makes a call and reads a refusal. Beyond what rest repeats, it repeats what
// AWS throttles without status 429, signed anew.
func (a *AWS) send(ctx context.Context, region account.AWSRegion, q request) ([]byte, account.Evidence, error) {
	for try := 1; ; try++ {
		body, e, err := a.once(ctx, region, q)
		var no *refusal
		if !errors.As(err, &no) {
			return body, e, err
		}
		wait := time.Duration(try) * time.Second
		wait += time.Duration(rand.Int64N(int64(wait / 4)))
		if !no.throttled() || no.answer.Status == http.StatusTooManyRequests || try == tries || !timeFor(rest.Stop(ctx), wait) {
			return nil, e, no.problem()
		}
		if err := rest.Rested(rest.Stop(ctx), wait); err != nil {
			return nil, e, err
		}
	}
}

// timeFor tells whether there is time left after a pause: else what AWS said tells
// more than a time that ran out.
func timeFor(ctx context.Context, pause time.Duration) bool {
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) > pause
}

func (a *AWS) once(ctx context.Context, region account.AWSRegion, q request) ([]byte, account.Evidence, error) {
	host := q.service.host(region)
	r, err := http.NewRequestWithContext(ctx, q.method, "https://"+host+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, account.Evidence{}, unexpected("the address of %s cannot be written", q.action)
	}
	if q.content != "" {
		r.Header.Set("Content-Type", q.content)
	}
	if q.target != "" {
		r.Header.Set("X-Amz-Target", q.target)
	}
	if err := q.sign(ctx, r, q.body); err != nil {
		return nil, account.Evidence{}, err
	}
	got, err := a.rest.Exchange(r, host)
	e := got.Evidence
	e.Path = host + " " + q.action
	if err != nil {
		return nil, e, err
	}
	if got.Status/100 == 2 {
		return got.Body, e, nil
	}
	code, message := readRefusal(got)
	if code == "" {
		return nil, e, notAWS(got, host)
	}
	return nil, e, &refusal{
		service: q.service, action: q.action, region: region, answer: got.Answer,
		code: rest.Text(code, 100), message: rest.Text(message, longestText),
	}
}

// notAWS is the problem of an answer that says nothing in AWS's own form.
func notAWS(got rest.Exchanged, host string) *account.Problem {
	p := &account.Problem{Kind: account.NotTheService, Subject: host, Status: got.Status, RequestID: got.RequestID, Wait: got.Wait}
	switch {
	case got.Status == http.StatusTooManyRequests:
		p.Kind = account.Throttled
	case got.Status >= 500:
		p.Kind = account.Unavailable
	}
	return p
}

// readRefusal reads an error body: XML of the services that take forms, JSON of
// the others, whose code may stand in a header.
func readRefusal(got rest.Exchanged) (code, message string) {
	var asXML struct {
		XMLName xml.Name
		Code    string `xml:"Error>Code"`
		Message string `xml:"Error>Message"`
	}
	if xml.Unmarshal(got.Body, &asXML) == nil && asXML.XMLName.Local == "ErrorResponse" {
		return asXML.Code, asXML.Message
	}
	var asJSON struct {
		Type    string `json:"__type"`
		Code    string `json:"code"`
		Message string `json:"message"` // also Message: the case of letters does not count
	}
	if json.Unmarshal(got.Body, &asJSON) != nil {
		return "", ""
	}
	for _, code = range []string{got.Header.Get("X-Amzn-Errortype"), asJSON.Type, asJSON.Code} {
		// "AccessDeniedException:http://…" and "com.amazonaws…#AccessDeniedException".
		code, _, _ = strings.Cut(code, ":")
		code = code[strings.LastIndex(code, "#")+1:]
		if code != "" {
			break
		}
	}
	return code, asJSON.Message
}

// formMisfit is an answer that says yes in another form than AWS's.
func formMisfit() error {
	return &account.Problem{Kind: account.NotTheService, Message: "the answer has another form than documented"}
}

// readXML reads the answer to an action, whose root is named after it.
func readXML(body []byte, action string, into any) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if err != nil {
			return formMisfit()
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != action+"Response" {
			return formMisfit()
		}
		// The whole has to be read, or a cut answer would pass for one.
		if d.DecodeElement(into, &start) != nil {
			return formMisfit()
		}
		return nil
	}
}

func readJSON(body []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if d.Decode(into) != nil {
		return formMisfit()
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return formMisfit()
	}
	return nil
}
