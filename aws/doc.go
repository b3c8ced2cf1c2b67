// Package aws links AWS accounts: by IAM Roles Anywhere, with a certificate of
// the link's own authority, or by a profile of the AWS configuration files. It
// makes the certificates and the CloudFormation stack of a link, buys credentials
// for an hour, verifies what they can do, and uses an administrator's profile once
// to make the stack. Every answer is classified into account.Problems; what cannot
// be told is said to be unknown.
//
// Where calls go: to the hosts of hosts.go and nowhere else. What the environment
// or a profile says of endpoints is refused before any call (elsewhere.go), and
// instance and container credentials are never asked for.
//
// Of the AWS SDK two things are used: the SigV4 signer, and the one that runs a
// credential_process. The calls themselves go through internal/rest, so that one
// proxy, one set of trusted authorities and one way to retry hold for all clouds.
// The configuration files and the CLI's token caches are read here (sections.go,
// shared.go, caches.go), because the SDK's readers link clients of four services
// and the code that renews a session and writes it; the tests compare every rule
// of theirs with the SDK's. Nothing is renewed, and nothing is written.
package aws
