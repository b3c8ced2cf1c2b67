package aws

import (
	"fmt"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// AWS is AWS of every partition. It may be used from any goroutine.
type AWS struct {
	rest *rest.Client
	now  func() time.Time
	env  func(string) string
}

// New makes an AWS that asks through client. now is the wall clock, which is
// compared with AWS's. env is the environment: os.Getenv, or what tests and the
// demo have in its place. These variables are read of it: AWS_CONFIG_FILE,
// AWS_SHARED_CREDENTIALS_FILE, AWS_LOGIN_CACHE_DIRECTORY, AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_DEFAULT_REGION, HOME
// or USERPROFILE, and those of elsewhere.go.
func New(client *rest.Client, now func() time.Time, env func(string) string) *AWS {
	return &AWS{rest: client, now: now, env: env}
}

// longestText is how much is kept of a text of AWS's.
const longestText = 300

func unexpected(format string, args ...any) *account.Problem {
	err := fmt.Errorf(format, args...)
	return &account.Problem{Kind: account.Unexpected, Message: rest.Text(err.Error(), longestText), Err: err}
}
