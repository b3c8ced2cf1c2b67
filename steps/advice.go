package steps

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Advice is a problem in words: what happened and what it means here, what to
// do, and, where it cannot be told which it is, the possible causes. This file,
// with those beside it for Azure and AWS, is the only place that has words for
// problems.
type Advice struct {
	Say    string
	Do     string
	Causes []string
}

// Line is the advice in one piece, for the line under a field.
func (a Advice) Line() string { return strings.TrimSpace(a.Say + " " + a.Do) }

// certain tells whether a kind leaves no doubt: it is shown as ✗. All else may
// still be spreading, or have several causes.
func certain(k account.Kind) bool {
	switch k {
	case account.CertificateUnseen, account.RoleMissing, account.PermissionUnseen, account.PermissionSpreading,
		account.IdentitySpreading, account.NotAsked, account.Throttled, account.Unavailable, account.ReadRefused, account.AppNotFound,
		account.NoSubscriptions, account.AzureNotInForce, account.AzureRoleMissing, account.PrincipalSpreading, account.AWSUntrusted, account.AWSRoleNotTaken:
		return false
	}
	return true
}

// Advise puts a problem into words.
func Advise(p *account.Problem) Advice {
	for _, words := range []func(*account.Problem) (Advice, bool){adviseInput, adviseWay, adviseToken, adviseGraph, adviseSignIn, adviseClient, adviseChange, adviseStore, adviseFile, adviseAzure, adviseAWSInput, adviseAWSSignIn, adviseAWS, adviseAWSDrift} {
		if a, ok := words(p); ok {
			return a
		}
	}
	return Advice{Say: "Something unexpected came back" + quotedCode(p) + ".", Do: "Try again; if it stays, ask support@axiomio.com and quote" + quotable(p) + "."}
}

func adviseInput(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.InputEmpty:
		return Advice{Say: "This is needed to go on."}, true
	case account.InputLong:
		return Advice{Say: "That is too long for a name; 60 characters at most."}, true
	case account.InputControl:
		return Advice{Say: "There are control characters in it.", Do: "Type it instead."}, true
	case account.InputNotID:
		return Advice{Say: "This is not an id.", Do: "An id has 32 hexadecimal digits, like 00001111-aaaa-2222-bbbb-3333cccc4444."}, true
	case account.InputManyIDs:
		return Advice{Say: "There is more than one id in it.", Do: "Copy just this one, or paste the whole Overview page."}, true
	case account.InputNotDomain:
		return Advice{Say: "This is not a domain name.", Do: "It looks like contoso.onmicrosoft.com."}, true
	case account.InputNotTenant:
		return Advice{Say: "This is neither an id nor a domain.", Do: "A domain looks like contoso.onmicrosoft.com; an id has 32 hexadecimal digits."}, true
	case account.InputSameIDs:
		return Advice{Say: "This is the same id as the tenant's.", Do: "Copy Application (client) ID from the app's Overview page."}, true
	case account.InputTaken:
		return Advice{Say: fmt.Sprintf("%s is taken by another account or draft here.", p.Subject), Do: "Choose another name."}, true
	case account.AppTaken:
		return Advice{Say: fmt.Sprintf("%s uses this app already.", p.Subject), Do: "Choose another app."}, true
	case account.InputReserved:
		return Advice{Say: "The portal refuses app names with that word in it.", Do: "Choose another name."}, true
	case account.InputWeakPhrase:
		return Advice{Say: "That passphrase is too short.", Do: "At least 12 characters; six words are good."}, true
	case account.InputMismatch:
		return Advice{Say: "The two are not the same."}, true
	case account.AlreadyLinked:
		if p.Code == string(account.AWS) {
			return Advice{Say: fmt.Sprintf("This AWS account is linked here already, as %s.", p.Subject), Do: "It can be verified as that account; another needs a profile or stack of its own."}, true
		}
		return Advice{Say: fmt.Sprintf("This app is linked here already, as %s.", p.Subject), Do: "It can be verified as that account; another app needs other ids."}, true
	}
	return Advice{}, false
}

func adviseWay(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.Offline:
		return Advice{Say: fmt.Sprintf("%s cannot be reached from this machine.", orHost(p)), Do: "Look at the network, VPN or proxy (HTTPS_PROXY)."}, true
	case account.TimedOut:
		return Advice{Say: fmt.Sprintf("%s did not answer in time.", orHost(p)), Do: "Look at the network, VPN or proxy (HTTPS_PROXY)."}, true
	case account.ProxyRefused:
		return Advice{Say: fmt.Sprintf("The proxy %s refused the connection.", p.Subject), Do: "Ask the network team to allow the hosts of the cloud, or look at the proxy's user and password in HTTPS_PROXY."}, true
	case account.Untrusted:
		return Advice{Say: fmt.Sprintf("The connection's certificate is not trusted here. It was signed by %s.", orSomebody(p)), Do: "If that is your company's inspection, put its authority into a PEM file and name it in SSL_CERT_FILE."}, true
	case account.TrustFile:
		return Advice{Say: fmt.Sprintf("The file %s cannot be read, or holds no certificate. %s names it.", p.Subject, cmp.Or(p.Code, "SSL_CERT_FILE")), Do: "It has to be a PEM file with the authorities to trust."}, true
	case account.Inspected:
		return Advice{Say: fmt.Sprintf("%s signed what was seen, and is none of the authorities that Microsoft and Amazon name for their services.", p.Subject), Do: "If that is your company's authority, its proxy reads what passes, as it is meant to. If you do not know the name, ask before you go on."}, true
	case account.ClockUnknown:
		return Advice{Say: "No host answered, so nothing told the right time."}, true
	case account.ProxyUnread:
		return Advice{Say: "The proxy's address in the environment cannot be read.", Do: "HTTPS_PROXY looks like http://proxy.contoso.com:8080."}, true
	case account.NotTheService:
		return Advice{Say: "Something else answered instead of the service, as a proxy or a sign-in page of the network does.", Do: "Open a web page here, or look at the proxy."}, true
	case account.Throttled:
		return Advice{Say: fmt.Sprintf("The service asked to wait %s.", plural(int(p.Wait.Round(time.Second).Seconds()), "second"))}, true
	case account.Unavailable:
		return Advice{Say: fmt.Sprintf("The service has a problem of its own (HTTP %d).", p.Status), Do: "Try again in a while."}, true
	case account.Cancelled:
		return Advice{Say: "This was stopped."}, true
	}
	return Advice{}, false
}

func adviseToken(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.TenantNotFound:
		return Advice{Say: "No tenant has this id or domain, in any of Microsoft's clouds that were asked.", Do: "Compare it with Entra ID › Overview."}, true
	case account.TenantFixed:
		return Advice{Say: fmt.Sprintf("Changes were begun in tenant %s, so this account stays there.", p.Subject), Do: "Another tenant is another account."}, true
	case account.TenantElsewhere:
		return Advice{Say: fmt.Sprintf("This tenant is in another cloud: %s.", account.CloudID(p.Subject).Cloud().Name), Do: "Choose that national cloud: at the choice of the way, or with --cloud."}, true
	case account.OrganizationNone:
		return Advice{Say: "No tenant has this domain.", Do: "Copy it under Entra ID › Domain names."}, true
	case account.OrganizationOther:
		return Advice{Say: "This domain belongs to another tenant.", Do: "Copy it under Entra ID › Domain names of the same tenant."}, true
	case account.AppNotFound:
		return Advice{
			Say: "Entra does not find this app in this tenant.",
			Do:  "Compare both ids with the app's Overview page:",
			Causes: []string{
				"the Object ID was entered, not the client ID",
				"the app is in another tenant",
				"it was deleted",
				"it is new, and still spreading",
			},
		}, true
	case account.NoPrincipal:
		return Advice{Say: "The app registration is there, its enterprise app is not.", Do: "Grant admin consent under API permissions, which makes it, or choose Create service principal on the Overview page."}, true
	case account.AppDisabled:
		return Advice{Say: "The app is disabled in the tenant.", Do: "Entra ID › Enterprise apps › the app › Properties: set Enabled for users to sign-in to Yes."}, true
	case account.CertificateUnseen:
		return Advice{
			Say: "Entra does not know this certificate yet.",
			Do:  "One answer for four cases; compare the thumbprint:",
			Causes: []string{
				"the certificate is not uploaded yet",
				"another file was uploaded",
				"it was uploaded to another app",
				"it is uploaded and still spreading",
			},
		}, true
	case account.CertificateOver:
		return Advice{Say: "The certificate on the app is outside its dates.", Do: "Make a new one and upload it. If it is new, look at this machine's clock."}, true
	case account.SignatureWrong:
		return Advice{Say: "Entra knows the certificate, and the signature does not fit it.", Do: "The key here and the certificate do not belong together: throw this draft away and begin again."}, true
	case account.ClockOff:
		return Advice{Say: fmt.Sprintf("This machine's clock is %s.", skewWords(p.Skew)), Do: "Set it (for instance timedatectl set-ntp true), or the key will be refused."}, true
	case account.AccessBlocked:
		return Advice{Say: "Conditional Access of the tenant blocks this app's sign-in.", Do: "A policy for workload identities does that; the sign-in log of the app names it. An administrator must exclude the app or allow this place."}, true
	case account.PublicClient:
		return Advice{Say: "The app is set up as a public client, which may not use a certificate.", Do: "App registration › Authentication: set Allow public client flows to No."}, true
	case account.WeakKey:
		return Advice{Say: "Entra refuses the key as too weak.", Do: "Make one of 2048 bits or more."}, true
	case account.ResourceUnknown:
		return Advice{Say: "The tenant does not know Microsoft Graph of this cloud.", Do: "The national cloud is probably another; change it with n on the choice of the way."}, true
	case account.TokenRefused:
		return Advice{Say: "Entra refused the sign-in" + quotedCode(p) + ".", Do: "Quote" + quotable(p) + " when you ask."}, true
	}
	return Advice{}, false
}

func adviseGraph(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.WrongTenant:
		return Advice{Say: fmt.Sprintf("The app answers for another tenant: %s.", p.Subject), Do: "Go back to the identifiers."}, true
	case account.RoleMissing:
		return Advice{
			Say: "The app may not read the directory yet.",
			Do:  "It cannot be told from here which it is:",
			Causes: []string{
				"Global Reader is not assigned to the app",
				"it was assigned to another app or person",
				"the assignment is eligible, not active",
				"it is assigned and still spreading",
			},
		}, true
	case account.PermissionNotAdded:
		return Advice{Say: "The app does not ask for AccessReview.Read.All yet.", Do: "Add it as an application permission."}, true
	case account.PermissionDelegated:
		return Advice{Say: "AccessReview.Read.All was added as a delegated permission.", Do: "Add it once more under Application permissions; the delegated one can be removed."}, true
	case account.PermissionNotGranted:
		return Advice{Say: "The permission is added, and admin consent is not granted.", Do: "Press Grant admin consent on the API permissions page; it needs a Privileged Role Administrator."}, true
	case account.PermissionSpreading:
		return Advice{Say: "Granted. Microsoft Graph still refuses the read; it may be spreading.", Do: "This can take some minutes. If it stays for long, the tenant may lack the licence for access reviews."}, true
	case account.PermissionUnseen:
		return Advice{
			Say: "Access reviews cannot be read yet.",
			Do:  "Without Global Reader it cannot be told which it is:",
			Causes: []string{
				"the permission is not added",
				"it was added as a delegated permission",
				"admin consent is not granted",
				"it is still spreading",
				"the tenant has no licence for access reviews",
			},
		}, true
	case account.NotLicensed:
		return Advice{Say: "The tenant has no licence for access reviews (Entra ID P2 or ID Governance).", Do: "The link works; there will be nothing to read until it has."}, true
	case account.ReadRefused:
		return Advice{Say: "This read is refused while Global Reader is missing."}, true
	case account.IdentitySpreading:
		return Advice{Say: "Microsoft Graph does not know the app yet; it is spreading."}, true
	case account.ForeignFound:
		return Advice{Say: "There is more on the app than this program put there:"}, true
	case account.AnotherInstallation:
		return Advice{Say: "There is a second certificate of this program on the app.", Do: "Another installation's?"}, true
	case account.ExpiringSoon:
		return Advice{Say: fmt.Sprintf("The key expires in %s.", plural(int(p.Left.Hours()/24), "day"))}, true
	case account.Expired:
		return Advice{Say: "The key has expired.", Do: "A new certificate is needed."}, true
	case account.NotAsked:
		return Advice{Say: "Not asked, because the check before it did not succeed."}, true
	}
	return Advice{}, false
}

func adviseSignIn(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.SignInBlocked:
		return Advice{Say: "A Conditional Access policy or the security defaults of the tenant block this sign-in" + quotedCode(p) + ".", Do: "The sign-in log of the tenant names the policy."}, true
	case account.DeviceNotManaged:
		return Advice{Say: "A policy of the tenant wants a device it manages" + quotedCode(p) + ".", Do: "Sign in with a browser of such a device; a device code cannot prove it."}, true
	case account.StrongerSignIn:
		return Advice{Say: "The tenant asks for multifactor authentication, and it was not given.", Do: "Sign in again and complete it."}, true
	case account.StrongerSignInSetUp:
		return Advice{Say: "Multifactor authentication must be set up first for this account.", Do: "Set it up in the browser when asked, or at https://aka.ms/mfasetup, then sign in again."}, true
	case account.ConsentDeclined:
		return Advice{Say: "The permissions were not accepted.", Do: "Sign in again and accept them, or go on by hand."}, true
	case account.AccountElsewhere:
		return Advice{Say: "This account does not exist in the tenant.", Do: "Sign in with an administrator of that tenant."}, true
	case account.GuestRefused:
		return Advice{Say: "A cross-tenant access policy refuses this guest.", Do: "Sign in with a member account of the tenant."}, true
	case account.TenantRestricted:
		return Advice{Say: "The network allows sign-ins to certain tenants alone, and not to this one.", Do: "Ask the network team: tenant restrictions of the proxy do that. By hand meets the same."}, true
	case account.WrongTenantSignedIn:
		return Advice{Say: fmt.Sprintf("That sign-in was to another tenant: %s.", p.Subject), Do: "Sign in with an account of the tenant that was named. Nothing was read or changed."}, true
	case account.SignInOver:
		return Advice{Say: "The sign-in is over.", Do: "Sign in again; what is done stays done."}, true
	case account.SignInNotMade:
		return Advice{Say: "Nobody signed in within the time there was.", Do: "Try again."}, true
	case account.DeviceCodeOver:
		return Advice{Say: "The code has expired or was used.", Do: "Take a new one."}, true
	case account.DeviceCodeDeclined:
		return Advice{Say: "The sign-in was declined.", Do: "Take a new code, or go on by hand."}, true
	case account.PortTaken:
		return Advice{Say: fmt.Sprintf("%s cannot be listened at: something else uses it.", orSelf(p)), Do: "Try again, which takes another port, or use a device code."}, true
	}
	return Advice{}, false
}

func orSelf(p *account.Problem) string {
	if p.Subject == "" {
		return "The address on this machine"
	}
	return p.Subject
}

func adviseClient(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.ConsentMissing:
		return Advice{Say: "The app one signs in to has no consent in this tenant.", Do: "A Global Administrator must sign in once and accept, or go on by hand."}, true
	case account.ConsentNotAllowed:
		return Advice{Say: "This account may not accept these permissions.", Do: "Sign in as Global Administrator, or have one accept them first; or go on by hand."}, true
	case account.ClientUnfit:
		return Advice{Say: "The app one signs in to cannot be used for this" + quotedCode(p) + ".", Do: "It must be a public client with redirect URI http://localhost, and may ask for these permissions. Another one goes with --sign-in-client."}, true
	case account.ClientNotThere:
		return Advice{Say: "The app one signs in to is not there in this cloud or tenant.", Do: "Name an app of your own with --sign-in-client, or go on by hand."}, true
	case account.ClientDisabled:
		return Advice{Say: "The app one signs in to is disabled in this tenant.", Do: "Enable its enterprise app, name another with --sign-in-client, or go on by hand."}, true
	case account.ClientNotAssigned:
		return Advice{Say: "The app one signs in to requires assignment, and this account has none.", Do: "Assign the account under its enterprise app › Users and groups, or go on by hand."}, true
	}
	return Advice{}, false
}

func adviseChange(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.RightMissing:
		return Advice{Say: "This account may not do that.", Do: fmt.Sprintf("It needs the role %s. What is done stays; somebody who has it can finish.", orRole(p))}, true
	case account.PolicyLife:
		return Advice{Say: "A policy of the tenant refuses a certificate that lives so long.", Do: "None shorter than 7 days is made. Ask the tenant's administrators for an exception for this app."}, true
	case account.PolicyAuthority:
		return Advice{Say: "A policy of the tenant takes certificates of trusted authorities alone.", Do: "This program does not weaken it. Ask for an exception for this app; or by hand, have that authority sign what xops-onboard certificate NAME --request writes."}, true
	case account.ExpiredKeyInWay:
		return Advice{Say: "There is an expired certificate on the app, and Entra changes no list that holds one.", Do: "Remove it under Certificates & secrets, then go on."}, true
	case account.QuotaReached:
		return Advice{Say: "The directory takes no more objects.", Do: "Its quota is reached; an administrator must delete some."}, true
	case account.SpreadingTooLong:
		return Advice{Say: "The change did not spread within ten minutes.", Do: "The draft is kept: go on later. If it stays so, quote" + quotable(p) + "."}, true
	case account.PurgeNotAllowed:
		return Advice{Say: "Deleted. This account may not delete it for good.", Do: "It can be restored for 30 days; an Application Administrator or Global Administrator can delete it for good."}, true
	case account.PermissionUnknown:
		return Advice{Say: "Microsoft Graph does not offer AccessReview.Read.All in this tenant.", Do: "Look whether the national cloud is right."}, true
	case account.ProofRefused:
		return Advice{Say: "Microsoft Graph did not take the app's proof that it holds its key.", Do: "Look at this machine's clock, and whether the certificate on the app is still this one."}, true
	case account.AppInUse:
		return Advice{Say: fmt.Sprintf("The draft %s is on this app too, which is therefore not deleted.", p.Subject), Do: "Finish that draft, or take it back, and then go on here."}, true
	case account.AppDeleted:
		return Advice{Say: "The app is among the deleted applications.", Do: "Restore it there, or take everything back and begin again."}, true
	case account.AppForeign:
		return Advice{Say: fmt.Sprintf("There is an app under this draft's own name that is not this draft's: %s.", p.Subject), Do: "Nothing was changed. Take everything back and begin again; if it stays so, ask support@axiomio.com."}, true
	}
	return Advice{}, false
}

func orRole(p *account.Problem) string {
	if p.Subject == "" {
		return "Global Administrator"
	}
	return p.Subject
}

func adviseStore(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.StoreNotUsable:
		if p.Subject == string(account.FileStore) {
			return adviseFileStore(p.State), true
		}
		return adviseState(p.State), true
	case account.StoreRanOut:
		return Advice{Say: "The key store did not answer in time, so it is not known whether it did as told.", Do: "Unlock it, start this program again, and go on: nothing is lost."}, true
	case account.StoreKeptNot:
		return Advice{Say: "The key store said yes and kept nothing, as it does when its dialog is dismissed.", Do: "Try again, and answer its dialog."}, true
	case account.KeyMissing:
		return Advice{Say: "The private key is not in its store any more.", Do: "Put a new certificate in, or look whether the keyring was replaced."}, true
	case account.KeyOther:
		return Advice{Say: "The private key in the store is not the one of the account's certificate.", Do: "Rotate with a sign-in, or put a new certificate in."}, true
	case account.KeysNobodys:
		return Advice{Say: "There are keys in the store that no account and no draft has.", Do: "Home shows them, and deletes them on a key press."}, true
	case account.KeyDamaged:
		return Advice{Say: "What is in the key store under this key's name is not what was written.", Do: "Put a new certificate in."}, true
	case account.KeyNewer:
		return Advice{Say: "The key was written by a newer version of this program.", Do: "Use that version."}, true
	case account.CertificateUnread:
		return Advice{Say: "There is no certificate in the file.", Do: "It is taken as PEM or DER, alone or with the authority's own; not as PKCS #7 or PKCS #12."}, true
	case account.CertificateOther:
		return Advice{Say: "None of the certificates in the file is of this account's key.", Do: "Look whether it answers the newest request."}, true
	case account.CertificateEarly:
		return Advice{Say: "The certificate does not hold yet.", Do: "Look at its dates and at this machine's clock."}, true
	case account.KeyTooBig:
		return Advice{Say: "The key is too big for this key store.", Do: "Choose 2048 bits."}, true
	case account.WrongPassphrase:
		return Advice{Say: "That is not the passphrase.", Do: "Try again."}, true
	case account.PassphraseFile:
		return Advice{Say: fmt.Sprintf("The passphrase file %s cannot be used.", p.Subject), Do: "It must be a file of yours that nobody else can read (chmod 600), of at most 4 KiB."}, true
	}
	return Advice{}, false
}

// adviseFileStore says why the file store is not ready.
func adviseFileStore(s account.StoreState) Advice {
	switch s {
	case account.StoreEmpty:
		return Advice{Say: "The file store is not there any more.", Do: "Bring its keys directory back from a backup."}
	case account.StoreLocked:
		return Advice{Say: "The file store is locked.", Do: "Its passphrase opens it until this program ends."}
	}
	return Advice{Say: "The file store cannot be used.", Do: "Look at the rights of its directory."}
}

// adviseState says why the keyring is not ready.
func adviseState(s account.StoreState) Advice {
	switch s {
	case account.StoreLocked:
		return Advice{Say: "The keyring is locked.", Do: "Logging in to the desktop of this machine unlocks it."}
	case account.StoreNoBus:
		return Advice{Say: "There is no keyring in this session: no D-Bus session bus is running.", Do: "That is usual over SSH, in containers and in WSL. Logging in with a full session starts one."}
	case account.StoreNoService:
		return Advice{Say: "There is no keyring on this machine: D-Bus runs, and nobody provides the Secret Service.", Do: "Install gnome-keyring or KWallet and log in again."}
	case account.StoreNoCollection:
		return Advice{Say: "The keyring service runs, and this user has no keyring yet.", Do: "Log in to the desktop once, which makes one."}
	case account.StoreStartTimeout:
		return Advice{Say: "The keyring service was started and did not come up.", Do: "It may serve another session of this user. Log out of that one."}
	case account.StoreUnresponsive:
		return Advice{Say: "The keyring service is there and does not answer.", Do: "Restart it, for instance by logging out and in."}
	case account.StoreNoLogon:
		return Advice{Say: "This Windows logon has no credential store, as over SSH.", Do: "Log in at the desktop."}
	case account.StoreUnsupported:
		return Advice{Say: "This system has no keyring that this program knows.", Do: "A file under a passphrase can be used instead."}
	case account.StoreEmpty:
		return Advice{Say: "No passphrase was chosen yet for the file store."}
	case account.StoreUnknown:
		return Advice{Say: "An earlier call to the keyring ran out of time, so its state is not known.", Do: "Start this program again; nothing is lost."}
	}
	return Advice{Say: "The keyring is ready."}
}

func adviseFile(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.FileExists:
		return Advice{Say: fmt.Sprintf("%s is there already and was left alone.", p.Subject)}, true
	case account.FileNotWritten:
		return Advice{Say: fmt.Sprintf("%s could not be written.", p.Subject), Do: "Look whether the directory is there, is yours and has room; then try again. The key is safe."}, true
	case account.RegistryNewer:
		return Advice{Say: fmt.Sprintf("%s was written by a newer version of this program.", p.Subject), Do: "Use that version. It was left alone."}, true
	case account.RegistryDamaged:
		return Advice{Say: fmt.Sprintf("%s is damaged.", p.Subject), Do: "It was left alone. Bring it back from a backup, or move it away."}, true
	case account.RegistryUnread:
		return Advice{Say: fmt.Sprintf("%s cannot be read or written.", p.Subject), Do: "Look at its owner and rights."}, true
	case account.DirectoryOpen:
		return Advice{Say: fmt.Sprintf("Other users may look into %s (%s).", p.Subject, p.Message), Do: "There is no key in it that can be read, and still it should be this user's alone: chmod 700."}, true
	case account.HomeUnknown:
		return Advice{Say: "No home directory is known, so there is no place for the accounts.", Do: "Set HOME, or name a directory in XOPS_HOME."}, true
	case account.AccountInUse:
		return Advice{Say: "Another window is working on this account.", Do: "Wait until it has ended there."}, true
	case account.DraftOwned:
		return Advice{Say: "This draft is open in another window.", Do: "Go on there, or close it there first."}, true
	case account.NotFound:
		return Advice{Say: "It is not there any more; another window may have removed it."}, true
	case account.Busy:
		return Advice{Say: "Another copy of this program holds the registry.", Do: "Try again in a moment."}, true
	}
	return Advice{}, false
}

func orHost(p *account.Problem) string {
	if p.Subject == "" {
		return "The service"
	}
	return p.Subject
}

func orSomebody(p *account.Problem) string {
	if p.Subject == "" {
		return "an authority this machine does not know"
	}
	return p.Subject
}

// PassphraseElsewhere is how a file store opens where nobody can be asked.
const PassphraseElsewhere = "Without a terminal its passphrase is read from the file that XOPS_PASSPHRASE_FILE names."

// BrowserError is what to do where Entra shows an error on its own page, as it
// does for a person of another tenant (AADSTS50020): nothing comes back here then.
const BrowserError = "If the browser shows an error instead, open the page again in a private window, as an administrator of this tenant."

// skewWords say how far a clock is off.
func skewWords(d time.Duration) string {
	way := "ahead"
	if d < 0 {
		way, d = "behind", -d
	}
	if d >= time.Hour {
		return fmt.Sprintf("%s %s", plural(int(d.Round(time.Minute).Hours()), "hour"), way)
	}
	return fmt.Sprintf("%s %s", plural(max(1, int(d.Round(time.Minute).Minutes())), "minute"), way)
}

func quotedCode(p *account.Problem) string {
	switch {
	case p.Code != "" && p.Message != "":
		return fmt.Sprintf(" (%s: %s)", p.Code, strings.TrimSuffix(p.Message, "."))
	case p.Code+p.Message != "":
		return fmt.Sprintf(" (%s)", p.Code+p.Message)
	}
	return ""
}

// quotable is what support needs to find a request.
func quotable(p *account.Problem) string {
	var s []string
	if p.RequestID != "" {
		s = append(s, "request id "+p.RequestID)
	}
	if p.CorrelationID != "" {
		s = append(s, "correlation id "+p.CorrelationID)
	}
	if len(s) == 0 {
		return " the time"
	}
	return " " + strings.Join(s, ", ")
}

// Short is what a list says of a problem of an account that was linked, in a few
// words.
func Short(p *account.Problem) string {
	switch p.Kind {
	case account.PermissionNotGranted:
		return "consent was withdrawn"
	case account.PermissionNotAdded:
		return "the permission was removed"
	case account.RoleMissing:
		return "may not read the directory"
	case account.PermissionUnseen, account.PermissionSpreading:
		return "may not read access reviews"
	case account.AppNotFound:
		return "Entra does not find its app"
	case account.AppDisabled:
		return "the app is disabled"
	case account.NoPrincipal:
		return "the enterprise app is gone"
	case account.CertificateUnseen:
		return "key unknown to Entra"
	case account.Expired, account.CertificateOver:
		return "key has expired"
	case account.ExpiringSoon:
		return "key expires in " + plural(int(p.Left.Hours()/24), "day")
	case account.ForeignFound:
		return "something else is on the app"
	case account.KeyMissing:
		return "private key is gone"
	case account.KeyDamaged:
		return "private key is damaged"
	case account.AccessBlocked:
		return "Conditional Access blocks it"
	}
	return lowerFirst(strings.TrimSuffix(Advise(p).Say, "."))
}

// ClosedStore is what Home says of a key store that cannot be used without
// asking.
func ClosedStore(s account.Store, state account.StoreState) string {
	name := "The keyring"
	if s == account.FileStore {
		name = "The file store"
	}
	if state == account.StoreLocked {
		return name + " is locked; u unlocks and checks."
	}
	return name + " cannot be used now; u says why."
}

// AfterRotation is a problem of a rotation: what it means for the account's key,
// and what can be done. Itself tells whether the app makes the changes, switched
// whether the account uses the new key.
func AfterRotation(p *account.Problem, itself, switched bool) Advice {
	a := Advise(p)
	if p.Kind == account.RightMissing && itself {
		a = Advice{Say: "The app may not change its own certificates.", Do: "Try again, or go another way."}
	}
	if p.Kind == account.SpreadingTooLong {
		a = Advice{Say: "Entra did not take the new certificate within ten minutes.", Do: "Try again in a while: it goes on with the same key."}
	}
	if switched {
		a.Say = "The new key is in use; the old one is not removed yet. " + a.Say
		return a
	}
	switch p.Kind {
	case account.CertificateOver, account.Expired, account.KeyMissing, account.KeyDamaged, account.CertificateUnseen:
		// The old key is what fails.
		a.Do = "The app cannot change its key itself: an administrator signs in, or you upload the certificate by hand."
		a.Causes = nil
		return a
	}
	a.Say = "The old key is in use, and works as before. " + a.Say
	return a
}

// NotItsName is said of a name that was to be typed before something is removed.
const NotItsName = "That is not its name; nothing is removed."
