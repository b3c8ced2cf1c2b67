package simaws

// Secrets are the secret access keys, session tokens and SSO tokens that there are,
// each with what it is.
func (c *Cloud) Secrets() map[string]string {
	all := map[string]string{}
	c.set(func() {
		for _, k := range c.keys {
			all[k.secret] = "secret access key"
			all[k.token] = "session token"
		}
		for token := range c.tokens {
			all[token] = "SSO token"
		}
	})
	delete(all, "") // a person's key has no session
	return all
}
