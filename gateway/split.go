package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"net/http"

	"github.com/dunglas/httpsfv"
)

// Request headers with which clients have a say in the version that answers them, as on Cloudflare.
const (
	// versionKeyHeader holds any text: requests with the same one go to the same version.
	versionKeyHeader = "Cloudflare-Workers-Version-Key"
	// overridesHeader is a dictionary of scripts and the ids of the versions that shall answer.
	overridesHeader = "Cloudflare-Workers-Version-Overrides"
)

// Split divides the requests to a script between two versions of it.
type Split struct {
	Versions [2]SplitVersion
	// Percentage of the requests, 0 to 100, that go to the newer one, which is the first of Versions.
	Percentage float64
}

// SplitVersion is a version of a script that gets a part of its requests.
type SplitVersion struct {
	ID       string
	Endpoint string // its name among the gate's endpoints
}

// endpointFor returns the name of the endpoint that shall answer x, the same one each time for one split.
func (t *Target) endpointFor(x *exchange) string {
	if t.Split == nil {
		return t.Script
	}
	if name := t.Split.override(t.Script, x.req.Header); name != "" {
		return name
	}
	if x.draw < 0 {
		x.draw = draw(t.Script, x.req.Header.Get(versionKeyHeader))
	}
	if x.draw < t.Split.Percentage {
		return t.Split.Versions[0].Endpoint
	}
	return t.Split.Versions[1].Endpoint
}

// draw returns a number from 0 up to 100. That of a key is always the same: as the newer version's percentage grows, the
// keys that have come to it stay there.
func draw(script, key string) float64 {
	if key == "" {
		return rand.Float64() * 100
	}
	sum := sha256.Sum256([]byte(script + "\x00" + key))
	return float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53) * 100
}

// override returns the endpoint that the client asks for, or "". A header that is malformed, or names a version that is
// not in force, has no effect.
func (s *Split) override(script string, header http.Header) string {
	values := header.Values(overridesHeader)
	if len(values) == 0 {
		return ""
	}
	dictionary, err := httpsfv.UnmarshalDictionary(values)
	if err != nil {
		return ""
	}
	member, _ := dictionary.Get(script)
	item, _ := member.(httpsfv.Item)
	for _, v := range s.Versions {
		if item.Value == v.ID {
			return v.Endpoint
		}
	}
	return ""
}
