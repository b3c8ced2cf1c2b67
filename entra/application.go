package entra

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// ourTag marks every app registration that this program makes.
const ourTag = "xops-onboard"

// Directory roles by name, as the portal has them.
const (
	appAdministrator      = "Application Administrator"
	cloudAppAdministrator = "Cloud Application Administrator"
	roleAdministrator     = "Privileged Role Administrator"
	globalAdministrator   = "Global Administrator"
	appDeveloper          = "Application Developer"
)

// app is the app registration, without a word on who made it.
func (a application) app() (account.App, error) {
	if !account.IsGUID(a.ID) || !account.IsGUID(a.Client) {
		return account.App{}, &account.Problem{Kind: account.Unexpected, Message: "the answer does not name the app"}
	}
	app := account.App{
		Application: account.ObjectID(strings.ToLower(a.ID)), Client: account.ClientID(strings.ToLower(a.Client)),
		Name: rest.Text(a.DisplayName, longestText), Unique: rest.Text(a.UniqueName, longestText), Made: a.Created, Secrets: len(a.Passwords),
	}
	for _, k := range a.Keys {
		app.Keys = append(app.Keys, account.AppKey{ID: rest.Text(k.KeyID, 64), Name: rest.Text(k.DisplayName, longestText), Thumbprint: k.thumbprint(), End: k.End})
	}
	return app, nil
}

// FindApplication is the app registration of that unique name with its keys;
// the zero App where there is none to be seen.
// Source: learn.microsoft.com/graph/api/application-get.
func (a *Administrator) FindApplication(ctx context.Context, unique string) (account.App, []account.Evidence, error) {
	return do(ctx, a, nil, func(ctx context.Context, c *change) (account.App, error) {
		app, err := c.application(ctx, unique)
		return found(app, err, cloudAppAdministrator)
	})
}

func (c *change) application(ctx context.Context, unique string) (account.App, error) {
	path, err := byUniqueName(unique)
	if err != nil {
		return account.App{}, err
	}
	var r application
	if err := c.get(ctx, path+registrationSelect, &r); err != nil {
		return account.App{}, err
	}
	return r.app()
}

// byUniqueName is the address of the app of that unique name, which is one of
// this program's making: small letters, digits and dashes.
func byUniqueName(unique string) (string, error) {
	if unique == "" || len(unique) > 120 || strings.Trim(unique, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return "", &account.Problem{Kind: account.Unexpected, Message: "the unique name is not one of this program"}
	}
	return "/applications(uniqueName='" + unique + "')", nil
}

// CreateApplication makes the app registration, for this directory only, with
// what it asks for and its certificate. Made again it is made once; then its
// keys are replaced by the certificate, so that what FindApplication shows must
// be known for ours before. Created tells whether it was made here.
//
// Problems: RightMissing, PolicyLife, PolicyAuthority, QuotaReached,
// AppDeleted, SpreadingTooLong, SignInOver and those of the way.
// Source: learn.microsoft.com/graph/api/application-upsert.
func (a *Administrator) CreateApplication(ctx context.Context, wish account.AppWish, tell func(account.Pause)) (account.App, []account.Evidence, error) {
	return do(ctx, a, tell, func(ctx context.Context, c *change) (account.App, error) { return c.createApplication(ctx, wish) })
}

func (c *change) createApplication(ctx context.Context, wish account.AppWish) (account.App, error) {
	path, err := byUniqueName(wish.Unique)
	if err != nil {
		return account.App{}, err
	}
	key, err := appKey(wish.Certificate)
	if err != nil {
		return account.App{}, err
	}
	var made application
	a, err := c.upsert(ctx, path, applicationBody(wish, key), &made)
	var said *rest.Refusal
	switch {
	case err == nil && a.Status == http.StatusCreated:
		app, err := made.app()
		app.Created = true
		return app, err
	case err == nil, a.Status == http.StatusCreated:
	case errors.As(err, &said) && conflicting(said):
		if err := c.notDeleted(ctx, wish); err != nil {
			return account.App{}, err
		}
	default:
		return account.App{}, changeProblem(err, cloudAppAdministrator)
	}
	app, err := see(ctx, c, account.AppSpreads, func() (account.App, error) { return c.application(ctx, wish.Unique) })
	app.Created = err == nil && (a.Sent > 1 || a.Status == http.StatusCreated)
	return app, err
}

// notDeleted fails with AppDeleted when the unique name is that of an app among
// the deleted items, which keeps it.
func (c *change) notDeleted(ctx context.Context, wish account.AppWish) error {
	filter := url.QueryEscape("displayName eq '" + strings.ReplaceAll(wish.Name, "'", "''") + "'")
	var page struct {
		Value []application `json:"value"`
	}
	err := c.get(ctx, "/directory/deletedItems/microsoft.graph.application?$filter="+strings.ReplaceAll(filter, "+", "%20")+"&$select=id,appId,displayName,uniqueName", &page)
	if err != nil {
		return nil // it only tells more
	}
	for _, r := range page.Value {
		if strings.EqualFold(r.UniqueName, wish.Unique) {
			return &account.Problem{Kind: account.AppDeleted, Subject: rest.Text(r.ID, 64)}
		}
	}
	return nil
}

// writtenKey is a certificate as it is given to an app. Graph names the key
// and its thumbprint itself.
// Source: learn.microsoft.com/graph/api/resources/keycredential.
type writtenKey struct {
	Type        string    `json:"type"`
	Usage       string    `json:"usage"`
	Key         []byte    `json:"key"` // DER
	DisplayName string    `json:"displayName"`
	Start       time.Time `json:"startDateTime"`
	End         time.Time `json:"endDateTime"`
}

// appKey is the certificate with dates a second inside its own, as clients do
// whose answers were recorded.
func appKey(c account.Certificate) (writtenKey, error) {
	block, _ := pem.Decode([]byte(c.PEM))
	if block == nil || block.Type != "CERTIFICATE" {
		return writtenKey{}, &account.Problem{Kind: account.KeyDamaged, Err: errors.New("the certificate cannot be read")}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return writtenKey{}, &account.Problem{Kind: account.KeyDamaged, Err: err}
	}
	return writtenKey{
		Type: "AsymmetricX509Cert", Usage: "Verify", Key: cert.Raw, DisplayName: cert.Subject.String(),
		Start: cert.NotBefore.UTC().Add(time.Second), End: cert.NotAfter.UTC().Add(-time.Second),
	}, nil
}

// applicationBody is the app registration as it is sent; key is its certificate.
func applicationBody(wish account.AppWish, key any) map[string]any {
	body := map[string]any{
		"displayName": wish.Name, "signInAudience": "AzureADMyOrg", "tags": []string{ourTag}, "keyCredentials": []any{key},
	}
	if asks(wish.Provider) {
		body["requiredResourceAccess"] = []resourceAccess{ourAccess()}
	}
	return body
}

// asks tells whether the apps of a provider's accounts ask for a permission of
// Microsoft Graph.
func asks(p account.Provider) bool { return p != account.Azure }

// resourceAccess is one entry of requiredResourceAccess.
type resourceAccess struct {
	App    string       `json:"resourceAppId"`
	Access []accessItem `json:"resourceAccess"`
}

type accessItem struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// ours tells whether it is the permission that the link needs.
func (a accessItem) ours() bool {
	return strings.EqualFold(a.ID, reviewPermission) && strings.EqualFold(a.Type, "Role")
}

// ourAccess is what an app of ours asks for.
func ourAccess() resourceAccess {
	return resourceAccess{graphApp, []accessItem{{reviewPermission, "Role"}}}
}

// DeleteApplication moves the app registration, and with it its enterprise app
// and all that was granted to it, to the deleted items, and sees it gone. made
// is when it was made: until ten minutes later one that is not shown may be
// spreading yet, and is waited for. Zero: it is taken for gone.
// Source: learn.microsoft.com/graph/api/application-delete.
func (a *Administrator) DeleteApplication(ctx context.Context, app account.ObjectID, made time.Time, tell func(account.Pause)) ([]account.Evidence, error) {
	return a.remove(ctx, tell, removal{
		path: "/applications/" + string(app), bin: "/directory/deletedItems/" + string(app),
		ids: []account.ObjectID{app}, made: made, needs: cloudAppAdministrator,
	})
}
