package devserver

import (
	"encoding/binary"
	"encoding/hex"
	"hash/maphash"
	"math/rand/v2"
	"net/http"
	"strings"

	"paddock/gateway"
)

// colo ends a ray where Cloudflare names the data center.
const colo = "-LOCAL"

// label gives a request its CF-Ray header. If the header it came with says
// that it is the same request once more, sent by the engine itself, it returns
// the answer: a script that has called ctx.passThroughOnException() has thrown
// then, the engine looks for the origin behind it, and there is none but us.
func (f *failures) label(r *http.Request) *gateway.Explanation {
	var h maphash.Hash
	h.SetSeed(f.seed)
	h.WriteString(r.Method)
	h.WriteString(r.Host)
	h.WriteString(r.RequestURI)
	what := uint32(h.Sum64())
	if old := r.Header.Get("Cf-Ray"); old != "" && labels(old, what) {
		if it, ok := f.await(r.Context(), old, passedWait); ok {
			return f.explanation(it, old, r)
		}
	}
	var id [8]byte
	binary.BigEndian.PutUint32(id[:4], rand.Uint32())
	binary.BigEndian.PutUint32(id[4:], what)
	r.Header["Cf-Ray"] = []string{hex.EncodeToString(id[:]) + colo}
	return nil
}

// labels reports whether a ray is one of ours for a request of that kind.
func labels(ray string, what uint32) bool {
	digits, ours := strings.CutSuffix(ray, colo)
	id, err := hex.DecodeString(digits)
	return ours && err == nil && len(id) == 8 && binary.BigEndian.Uint32(id[4:]) == what
}
