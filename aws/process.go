package aws

import (
	"context"
	"os/exec"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
)

// afterwards is how long it is waited for the output of a program that has ended,
// or was ended: what it started may hold it open.
const afterwards = time.Second

// process runs the program that a profile names, apart from this program's
// terminal: it can neither ask nor write there. Nothing of what it says is kept
// but the credentials.
func (r *resolver) process(ctx context.Context, p *sharedProfile) (sdk.Credentials, error) {
	keys, err := processcreds.NewProviderCommand(processcreds.NewCommandBuilderFunc(func(ctx context.Context) (*exec.Cmd, error) {
		cmd, err := processcreds.DefaultNewCommandBuilder{Args: []string{p.credentialProcess}}.NewCommand(ctx)
		if err != nil {
			return nil, err
		}
		cmd.Stdin, cmd.Stderr, cmd.WaitDelay = nil, nil, afterwards
		detach(cmd) // else it may open the terminal by its name
		return cmd, nil
	})).Retrieve(ctx)
	switch {
	case ctx.Err() != nil:
		return sdk.Credentials{}, noCredentials(p.name, "its credential_process did not end in time")
	case err != nil:
		return sdk.Credentials{}, noCredentials(p.name, "its credential_process gave no credentials; run it by hand to see why")
	}
	return keys, nil
}
