package account

// The administrator's sign-in (Entra ID).
const (
	SignInBlocked       Kind = "sign-in-blocked"         // 53003, 530032, 530035 and kin: a policy or security defaults
	DeviceNotManaged    Kind = "device-not-managed"      // 53000, 53001, 53002, 50097: a policy about devices
	StrongerSignIn      Kind = "stronger-sign-in"        // 50074, 50076, 50158: multifactor or another proof was not given
	StrongerSignInSetUp Kind = "stronger-sign-in-set-up" // 50072, 50079: multifactor has to be set up first
	ConsentMissing      Kind = "consent-missing"         // 65001: the app that one signs in to has no consent
	ConsentDeclined     Kind = "consent-declined"        // 65004, or fewer permissions than were asked for
	ConsentNotAllowed   Kind = "consent-not-allowed"     // 90094: this person may not consent
	ClientUnfit         Kind = "client-unfit"            // 65002, 50011, 7000218 and kin: it cannot have these permissions or is no public client
	ClientNotThere      Kind = "client-not-there"        // 700016 while signing in: not in this cloud or tenant
	ClientDisabled      Kind = "client-disabled"         // 7000112 while signing in
	ClientNotAssigned   Kind = "client-not-assigned"     // 50105: assignment is required and this person has none
	AccountElsewhere    Kind = "account-elsewhere"       // 50020, 50034: no such person in the tenant
	GuestRefused        Kind = "guest-refused"           // 500212, 500213: cross-tenant access
	TenantRestricted    Kind = "tenant-restricted"       // 500021, 500022: the network lets nobody sign in to this tenant
	WrongTenantSignedIn Kind = "wrong-tenant-signed-in"  // the sign-in was to another tenant than was named; Subject is its id
	SignInOver          Kind = "sign-in-over"            // 50173, 70043, 700082, a spent code, 401 of Graph: sign in again
	SignInNotMade       Kind = "sign-in-not-made"        // nobody signed in within the time there was
	DeviceCodeOver      Kind = "device-code-over"        // 70018, 70019, 70020: the code has expired or was used
	DeviceCodeDeclined  Kind = "device-code-declined"    // the person said no
	PortTaken           Kind = "port-taken"              // the loopback address cannot be listened at; Subject is it
)

// Changes in a tenant (Microsoft Graph).
const (
	RightMissing      Kind = "right-missing"      // 403 on a change; Subject is the directory role that would do
	PolicyLife        Kind = "policy-life"        // certificates may not live that long; Left is how long they may, 0 where it was not told
	PolicyAuthority   Kind = "policy-authority"   // only certificates of trusted authorities are taken
	ExpiredKeyInWay   Kind = "expired-key-in-way" // Graph changes no list of certificates that holds an expired one; Subject names it
	QuotaReached      Kind = "quota-reached"      // the directory takes no more objects
	SpreadingTooLong  Kind = "spreading-too-long" // ten minutes were not enough; Message is what was said last
	PurgeNotAllowed   Kind = "purge-not-allowed"  // deleted, and this person may not delete for good; Subject is the object's id, Left how long it can be restored
	PermissionUnknown Kind = "permission-unknown" // Microsoft Graph does not offer AccessReview.Read.All in this tenant
	AppDeleted        Kind = "app-deleted"        // the app is among the deleted items; Subject is its object id
)
