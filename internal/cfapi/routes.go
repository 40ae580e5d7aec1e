package cfapi

// Route is a pattern of URLs that a script answers: an element of the body and
// of the answer of PUT workers/scripts/{script}/routes, and of what lies under
// zones/{zone}/workers/routes. Without a Script it keeps scripts away.
type Route struct {
	ID       string `json:"id,omitempty"`
	Pattern  string `json:"pattern"`
	Script   string `json:"script,omitempty"`
	ZoneID   string `json:"zone_id,omitempty"`
	ZoneName string `json:"zone_name,omitempty"`
}

// Domain is a host name that belongs to a script alone.
type Domain struct {
	ID              string `json:"id,omitempty"`
	Hostname        string `json:"hostname"`
	Service         string `json:"service,omitempty"`
	Environment     string `json:"environment,omitempty"`
	ZoneID          string `json:"zone_id,omitempty"`
	ZoneName        string `json:"zone_name,omitempty"`
	Enabled         *bool  `json:"enabled,omitempty"`
	PreviewsEnabled *bool  `json:"previews_enabled,omitempty"`
	Modified        bool   `json:"modified,omitempty"` // only among those of a changeset that are updated
}

// DomainChangeset is the answer of POST workers/scripts/{script}/domains/changeset:
// what PUT domains/records would do. None of the lists is nil.
type DomainChangeset struct {
	Added       []Domain `json:"added"`
	Removed     []Domain `json:"removed"`
	Updated     []Domain `json:"updated"`
	Conflicting []Domain `json:"conflicting"`
}

// DomainRecords is the body of PUT workers/scripts/{script}/domains/records.
// Without OverrideOrigin, domains of other scripts are a conflict.
type DomainRecords struct {
	OverrideScope     bool     `json:"override_scope"`
	OverrideOrigin    bool     `json:"override_existing_origin"`
	OverrideDNSRecord bool     `json:"override_existing_dns_record"`
	Origins           []Domain `json:"origins"`
}

// Zone is a domain with the host names below it.
type Zone struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Status  string  `json:"status"` // "active"
	Account Account `json:"account"`
}
