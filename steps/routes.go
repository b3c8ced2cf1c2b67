package steps

import "github.com/axiomio/xops-onboard/account"

// Routes is the way from nothing to a connected account, for every provider.
func Routes(d account.Draft) []Stop {
	// With one provider and one way there is one route; the others come here.
	return MicrosoftByHand(d)
}

// Unlocking is the key store's page alone, for an account whose key is locked.
func Unlocking(account.Draft) []Stop { return []Stop{storeStop} }

// MicrosoftByHand is the manual's road. The certificate and Global Reader come
// before the permission, because from then on the wizard can see every other
// step for itself.
func MicrosoftByHand(account.Draft) []Stop {
	return []Stop{
		cloudStop, wayStop, nameStop, registerStop, identifiersStop, storeStop, keyStop,
		uploadStop, roleStop, permissionStop, verifyStop, connectedStop,
	}
}
