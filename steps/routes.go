package steps

import "github.com/axiomio/xops-onboard/account"

// Routes is the way from nothing to a connected account, for every provider: it
// begins with the cloud selection, and is Microsoft's until a provider is chosen.
func Routes(d account.Draft) []Stop {
	for _, p := range providers {
		if p.provider == d.Provider && p.byHand != nil {
			if d.Way == account.Automatic {
				return p.automatic(d)
			}
			return p.byHand(d)
		}
	}
	return MicrosoftByHand(d)
}

// MicrosoftAutomatic is the road of who signs in once: what will change is
// shown before it is made.
func MicrosoftAutomatic(account.Draft) []Stop {
	return []Stop{cloudStop, wayStop, tenantStop, storeStop, signInStop, surveyStop, adoptStop, planStop, applyStop, checkStop, connectedStop}
}

// TakingBack removes what a draft made in its tenant, and the draft.
func TakingBack(d account.Draft) []Stop {
	if d.Provider == account.AWS {
		return []Stop{awsSignInStop, takeBackStop}
	}
	if d.Provider == account.Azure && InAzure(d) {
		return []Stop{signInStop, azureSignInStop, takeBackStop}
	}
	return []Stop{signInStop, takeBackStop}
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
