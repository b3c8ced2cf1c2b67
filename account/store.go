package account

// StoreState is what a key store on this machine can do now.
type StoreState string

// The states of a key store. Only Ready may be used without asking a person.
const (
	StoreReady        StoreState = "ready"
	StoreLocked       StoreState = "locked"
	StoreNoBus        StoreState = "no-bus"        // Linux: no D-Bus session
	StoreNoService    StoreState = "no-service"    // Linux: D-Bus, but nobody provides the Secret Service
	StoreNoCollection StoreState = "no-collection" // Linux: the service has no keyring yet
	StoreStartTimeout StoreState = "start-timeout" // Linux: the service was started and never came up
	StoreUnresponsive StoreState = "unresponsive"  // it is there and does not answer
	StoreNoLogon      StoreState = "no-logon"      // Windows: this logon has no credential set
	StoreUnsupported  StoreState = "unsupported"   // no such store on this system
	StoreEmpty        StoreState = "empty"         // file store: no passphrase was chosen yet
	StoreUnknown      StoreState = "unknown"       // an earlier call ran out of time; nothing is certain until the next start
)

// StoreStatus is the answer of a probe.
type StoreStatus struct {
	Store     Store
	State     StoreState
	CanPrompt bool   // unlocking would open a dialog this person can see, or a passphrase can be asked here
	Detail    string // cleaned, for --debug and doctor
}
