package cfapi

// User is the answer of GET /user.
type User struct {
	ID    string `json:"id"`
	Email string `json:"email"`
}

// Account is one of GET /accounts.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type,omitempty"`
}

// Membership is one of GET /memberships: a user's place in an account.
type Membership struct {
	ID      string   `json:"id"`
	Status  string   `json:"status"` // "accepted"
	Account Account  `json:"account"`
	Roles   []string `json:"roles"`
}

// AccountSubdomain is the answer of GET workers/subdomain.
type AccountSubdomain struct {
	Subdomain string `json:"subdomain"`
}
