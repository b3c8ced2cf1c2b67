// Package simaws is the part of Amazon Web Services that linking an account
// meets, simulated in one http.Handler that tells services and regions apart by
// host name: STS, IAM, CloudFormation, IAM Roles Anywhere, Organizations, the
// list of regions of EC2, and role credentials of IAM Identity Center, in the
// partitions aws, aws-us-gov and aws-cn. Like simcloud it is written from what
// the vendor documents and from public reports of its answers, not from any
// client: it checks what the real services check, and refuses what they refuse,
// in their words and in the error shape of each.
//
// Every signature is verified: Signature Version 4 with the keys of users and of
// sessions, and the X.509 form of it with which CreateSession is signed. What a
// caller may do is evaluated from real policies: what is attached to a user or a
// role, what limits a session, and what the organization denies. Trust policies
// are evaluated as they are written, also for service principals.
//
// A [Cloud] holds accounts; the methods of an [Account] are an administrator
// clicking in the console, and tests reading what is there in the end. Time is
// the clock given to [New]: sessions end by it, and stacks move along by it.
//
// What the real services offer and this one does not play answers 501 and says
// so, so that it is never mistaken for a refusal. Where the text of a refusal is
// not published, it is one in the manner of its neighbours; no client may
// depend on those.
//
// Sources: docs.aws.amazon.com (IAM policy evaluation and JSON elements, the API
// references of the services, the CloudFormation template reference, IAM Roles
// Anywhere user guide: "The CreateSession API", "Signing process", "Trust
// model") and the service models of github.com/aws/aws-sdk-go-v2.
package simaws
