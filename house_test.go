package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/axiomio/xops-onboard"

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath string
	Doc        string
	Imports    []string
	Deps       []string
}

// rule is what a package of ours may import of ours, and what of the outside it
// may not.
type rule struct {
	ours  []string
	never []string
	why   string
}

var (
	outside = []string{"net/http", "os/exec", "charm.land/", "github.com/charmbracelet/"}
	reach   = []string{"net/http", "os/exec", "net"}
)

// rules are the arrows between packages. Packages not named here are tests' own
// rooms, or main.
var rules = map[string]rule{
	"account":                  {nil, append([]string{"os", "net", "time/tzdata"}, outside...), "values compute and do nothing else"},
	"ui/kit":                   {nil, reach, "what draws knows nothing of this program"},
	"link":                     {[]string{"account", "internal/turn"}, append([]string{"os"}, outside...), "operations reach the world through ports alone"},
	"steps":                    {[]string{"account", "link", "ui/kit"}, append([]string{"os"}, reach...), "asking reaches the world through ports and operations"},
	"ui":                       {[]string{"account", "link", "steps", "ui/kit"}, append([]string{"os"}, reach...), "the shell draws and routes; it does nothing itself"},
	"cli":                      {[]string{"account", "internal/turn", "internal/version", "link", "steps"}, reach, "a command runs operations; it and ui do not know one another"},
	"registry":                 {[]string{"account"}, outside, "the registry is files"},
	"keystore":                 {[]string{"account"}, []string{"net/http", "charm.land/"}, "a private key leaves only as crypto.Signer"},
	"entra":                    {[]string{"account", "internal/rest"}, []string{"os/exec", "charm.land/"}, "providers do not know one another, nor any screen"},
	"aws":                      {[]string{"account", "internal/rest"}, []string{"charm.land/", "github.com/aws/aws-sdk-go-v2/config"}, "providers do not know one another, nor any screen; the configuration files are read by aws itself"},
	"internal/rest":            {[]string{"account", "internal/turn"}, []string{"os/exec", "charm.land/"}, "one pipeline for all providers"},
	"internal/turn":            {nil, append([]string{"os"}, outside...), "it knows who waits, and not for what"},
	"internal/browser":         {nil, []string{"net/http", "charm.land/"}, "opening a link is all it does"},
	"internal/demo":            {[]string{"account", "internal/simcloud", "internal/simcloud/simaws"}, []string{"charm.land/"}, "the demo's world is the simulated cloud"},
	"internal/simcloud":        {[]string{"account", "internal/simcloud/simaws"}, []string{"testing", "charm.land/"}, "it is linked into the product by --demo"},
	"internal/simcloud/simaws": {nil, []string{"testing", "charm.land/", "os/exec", "github.com/aws/"}, "it plays AWS by what the vendor documents, and verifies with nothing of the vendor's client"},
	"internal/typed":           {nil, outside, "bytes pass"},
	"internal/version":         {nil, append([]string{"runtime/debug", "encoding/json"}, outside...), "it comes before what it does not import"},
	"azure":                    {[]string{"account", "internal/rest"}, []string{"os/exec", "charm.land/"}, "providers do not know one another, nor any screen"},
}

// TestArrows holds who may import whom.
func TestArrows(t *testing.T) {
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		r, ruled := rules[name]
		for _, imp := range p.Imports {
			ours, isOurs := strings.CutPrefix(imp, module+"/")
			switch {
			case imp == module:
				t.Errorf("%s imports main: nobody does", name)
			case !ruled:
			case isOurs && !slices.Contains(r.ours, ours):
				t.Errorf("%s imports %s: %s; it may import %v", name, ours, r.why, r.ours)
			case !isOurs && slices.ContainsFunc(r.never, func(n string) bool { return imp == n || strings.HasSuffix(n, "/") && strings.HasPrefix(imp, n) }):
				t.Errorf("%s imports %s: %s", name, imp, r.why)
			}
		}
	}
}

// TestEveryPackageSaysWhatItIs holds a doc comment for every package.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range list(t, "./...") {
		if len(p.Doc) < 30 {
			t.Errorf("%s has no doc comment that says what it is: %q", p.ImportPath, p.Doc)
		}
	}
}

// neverLinked are the parts of the AWS SDK that come along with its readers of
// configuration files and token caches: clients that renew, write, and ask a
// machine or a container for credentials.
var neverLinked = []string{
	"github.com/aws/aws-sdk-go-v2/service/", "github.com/aws/aws-sdk-go-v2/feature/",
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds", "github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds",
}

// TestProductIsFreeOfTestRooms holds that what only tests need is not linked, nor
// what is never used.
func TestProductIsFreeOfTestRooms(t *testing.T) {
	for _, p := range list(t, ".") {
		for _, dep := range p.Deps {
			for _, room := range []string{"simproxy", "termtest", "ptytest", "shot", "hostile", "keyringtest", "startbench", "jsontest"} {
				if strings.HasPrefix(dep, module+"/internal/"+room) {
					t.Errorf("the product links %s", dep)
				}
			}
			if dep == "testing" || strings.HasPrefix(dep, "github.com/rogpeppe/go-internal/") || strings.HasPrefix(dep, "github.com/santhosh-tekuri/jsonschema/") {
				t.Errorf("the product links %s, which is for tests", dep)
			}
			if slices.ContainsFunc(neverLinked, func(n string) bool { return strings.HasPrefix(dep, n) }) {
				t.Errorf("the product links %s: aws makes its own calls, and never asks for a machine's or a container's credentials", dep)
			}
		}
	}
}

func list(t *testing.T, what string) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Doc,Imports,Deps", what).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return pkgs
		case err != nil:
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}

// TestOnlyKeystoreNamesPrivateKeys holds that no other package of the product
// can hold a private key as anything but a crypto.Signer.
func TestOnlyKeystoreNamesPrivateKeys(t *testing.T) {
	out, err := exec.Command("git", "grep", "-lE", `(rsa|ecdsa)\.PrivateKey|x509\.MarshalPKCS8|x509\.ParsePKCS8`, "--", "*.go", ":!*_test.go", ":!keystore").Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatal(err)
	}
	for _, f := range strings.Fields(string(out)) {
		if !strings.HasPrefix(f, "internal/simproxy/") && !strings.HasPrefix(f, "internal/keyringtest/") {
			t.Errorf("%s names a private key: keys leave keystore only as crypto.Signer", f)
		}
	}
}
