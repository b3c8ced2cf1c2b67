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
// Of the AWS SDK three things are used: the SigV4 signer, the reader of the
// shared configuration files, and the readers of the CLI's token caches. The
// calls themselves go through internal/rest, so that one proxy, one set of trusted
// authorities and one way to retry hold for all clouds; the SDK's LoadDefaultConfig
// alone would add 2.5 MB. What the SDK reads of the environment by itself on these
// ways is the home directory (HOME, USERPROFILE), for the place of its files. It
// writes nothing: it would only where it renews a session, which is not asked of it.
package aws
