package simaws

import (
	"strings"
	"sync"
)

// managed are the statements of the managed policies of AWS that can be attached
// here. Those that grant reads hold the part of the real ones that monitoring
// asks about, and what they really leave out is left out: SecurityAudit reads no
// object, no secret and no log, but a portion of a database's log and lists of
// users.
// Source: docs.aws.amazon.com/aws-managed-policy/latest/reference, 2026.
func managed() map[string]string {
	return map[string]string{
		"AdministratorAccess": `{"Effect":"Allow","Action":"*","Resource":"*"}`,
		"PowerUserAccess": `{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},` +
			`{"Effect":"Allow","Action":["account:GetAccountInformation","iam:ListRoles","organizations:DescribeOrganization"],"Resource":"*"}`,
		"ReadOnlyAccess":               `{"Effect":"Allow","Action":["*:Get*","*:List*","*:Describe*"],"Resource":"*"}`,
		"IAMReadOnlyAccess":            `{"Effect":"Allow","Action":["iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}`,
		"IAMFullAccess":                `{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount","organizations:DescribeOrganization","organizations:ListPolicies","organizations:ListRoots"],"Resource":"*"}`,
		"AWSCloudFormationFullAccess":  `{"Effect":"Allow","Action":["cloudformation:*"],"Resource":"*"}`,
		"AmazonS3ReadOnlyAccess":       `{"Effect":"Allow","Action":["s3:Get*","s3:List*","s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}`,
		"job-function/ViewOnlyAccess":  allow(viewOnly),
		"SecurityAudit":                allow(securityAudit),
		"AWSRolesAnywhereFullAccess":   allow(anywhereFull) + `,` + passToAnywhere,
		"SignInLocalDevelopmentAccess": `{"Effect":"Allow","Action":["signin:AuthorizeOAuth2Access","signin:CreateOAuth2Token"],"Resource":"*"}`,
	}
}

const securityAudit = `access-analyzer:Get* access-analyzer:List* account:GetAccountInformation account:GetAlternateContact account:GetRegionOptStatus ` +
	`acm:Describe* acm:List* autoscaling:Describe* athena:List* backup:ListBackupVaults cloudformation:DescribeStack* cloudformation:GetStackPolicy ` +
	`cloudformation:GetTemplate cloudformation:ListStack* cloudfront:Get* cloudfront:List* cloudtrail:DescribeTrails cloudtrail:GetEventSelectors ` +
	`cloudtrail:GetTrail cloudtrail:GetTrailStatus cloudtrail:ListTrails cloudtrail:LookupEvents cloudwatch:Describe* cognito-idp:Describe* ` +
	`cognito-idp:ListGroups cognito-idp:ListUserPools cognito-idp:ListUsers cognito-idp:ListUsersInGroup config:Describe* config:Get* config:List* ` +
	`dynamodb:DescribeTable dynamodb:ListTables dynamodb:ListBackups dynamodb:ListStreams ec2:Describe* ec2:GetEbsEncryptionByDefault ` +
	`ecr:DescribeImages ecr:DescribeRegistry ecr:DescribeRepositories ecr:GetRepositoryPolicy ecr:ListImages ecs:Describe* ecs:List* ` +
	`eks:DescribeCluster eks:ListClusters eks:ListNodeGroups elasticache:Describe* elasticfilesystem:DescribeFileSystems ` +
	`elasticloadbalancing:Describe* events:Describe* events:List* guardduty:Get* guardduty:List* iam:GenerateCredentialReport ` +
	`iam:GenerateServiceLastAccessedDetails iam:Get* iam:List* iam:SimulateCustomPolicy iam:SimulatePrincipalPolicy inspector2:ListFindings ` +
	`kms:Describe* kms:Get* kms:List* lambda:GetAccountSettings lambda:GetFunctionConfiguration lambda:GetPolicy lambda:List* logs:Describe* ` +
	`macie2:ListFindings organizations:Describe* organizations:List* rds:Describe* rds:DownloadDBLogFilePortion rds:ListTagsForResource ` +
	`redshift:Describe* rolesanywhere:GetCrl rolesanywhere:GetProfile rolesanywhere:GetSubject rolesanywhere:GetTrustAnchor ` +
	`rolesanywhere:ListCrls rolesanywhere:ListProfiles rolesanywhere:ListSubjects rolesanywhere:ListTagsForResource rolesanywhere:ListTrustAnchors ` +
	`route53:Get* route53:List* s3:GetAccountPublicAccessBlock s3:GetBucket* s3:GetEncryptionConfiguration s3:GetLifecycleConfiguration ` +
	`s3:GetObjectAcl s3:GetObjectTagging s3:GetObjectVersionAcl s3:ListAccessPoints s3:ListAllMyBuckets s3:ListBucket ` +
	`secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy secretsmanager:ListSecrets securityhub:Describe* securityhub:Get* ` +
	`securityhub:List* servicequotas:ListServiceQuotas sns:GetTopicAttributes sns:ListTopics sqs:GetQueueAttributes sqs:ListQueues ` +
	`ssm:Describe* ssm:ListDocuments sso:DescribeInstance sso:ListInstances sts:GetAccessKeyInfo support:DescribeTrustedAdvisorChecks ` +
	`tag:GetResources wafv2:GetWebACL wafv2:ListWebACLs`

const viewOnly = `acm:ListCertificates athena:List* autoscaling:Describe* backup:ListBackupVaults batch:ListJobs cloudformation:DescribeStacks ` +
	`cloudformation:GetTemplateSummary cloudformation:List* cloudfront:List* cloudtrail:DescribeTrails cloudtrail:ListTrails cloudtrail:LookupEvents ` +
	`cloudwatch:Get* cloudwatch:List* codebuild:ListProjects cognito-idp:List* config:Describe* config:List* dynamodb:DescribeTable dynamodb:ListBackups ` +
	`dynamodb:ListStreams dynamodb:ListTables ec2:DescribeAccountAttributes ec2:DescribeAddresses ec2:DescribeAvailabilityZones ec2:DescribeFlowLogs ` +
	`ec2:DescribeHost* ec2:DescribeImage* ec2:DescribeInstance* ec2:DescribeInternetGateways ec2:DescribeRegions`

const anywhereFull = `rolesanywhere:ListTrustAnchors rolesanywhere:GetTrustAnchor rolesanywhere:CreateTrustAnchor rolesanywhere:DeleteTrustAnchor ` +
	`rolesanywhere:DisableTrustAnchor rolesanywhere:EnableTrustAnchor rolesanywhere:UpdateTrustAnchor rolesanywhere:ListProfiles ` +
	`rolesanywhere:GetProfile rolesanywhere:CreateProfile rolesanywhere:DeleteProfile rolesanywhere:DisableProfile rolesanywhere:EnableProfile ` +
	`rolesanywhere:UpdateProfile rolesanywhere:ListCrls rolesanywhere:GetCrl rolesanywhere:ListSubjects rolesanywhere:GetSubject ` +
	`rolesanywhere:PutAttributeMapping rolesanywhere:DeleteAttributeMapping rolesanywhere:ListTagsForResource rolesanywhere:TagResource rolesanywhere:UntagResource`

const passToAnywhere = `{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"rolesanywhere.amazonaws.com"}}},` +
	`{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*","Condition":{"StringEquals":{"iam:AWSServiceName":"rolesanywhere.amazonaws.com"}}}`

func allow(actions string) string {
	return `{"Effect":"Allow","Action":["` + strings.Join(strings.Fields(actions), `","`) + `"],"Resource":"*"}`
}

// managedPolicies are read when they are first asked for: no program that links
// this pays for them at its start.
var managedPolicies = sync.OnceValue(allManaged)

func allManaged() map[string]*policy {
	m := map[string]*policy{}
	for path, statements := range managed() {
		p, f := parsePolicy(`{"Version":"2012-10-17","Statement":[`+statements+`]}`, identity)
		if f != nil {
			panic(path + ": " + f.message) // the table is ours
		}
		p.name = path[strings.LastIndexByte(path, '/')+1:]
		m[path] = p
	}
	return m
}

// managedPolicy is the policy that an ARN names in a partition; nil for none.
func managedPolicy(in *partition, arn string) *policy {
	path, ok := strings.CutPrefix(arn, "arn:"+in.id+":iam::aws:policy/")
	if !ok {
		return nil
	}
	return managedPolicies()[path]
}
