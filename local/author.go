package local

import (
	"os/user"
	"sync"
)

// author is who made a version or a deployment, in the form of the address
// that Cloudflare's API has there: a runtime has one user, whoever runs it.
var author = sync.OnceValue(func() string {
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "user@localhost"
	}
	return u.Username + "@localhost"
})

// Author returns who makes versions and deployments here.
func (r *Runtime) Author() string { return author() }
