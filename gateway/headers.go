package gateway

import (
	"crypto/tls"
	"encoding/json"
	"net/http"
	"strings"
)

// setHeaders sets what Cloudflare's edge tells a Worker about the client. Whatever the client sent under these
// names is replaced; everything else stays, also the forwarding headers of which the proxy has made a clean sweep.
func setHeaders(x *exchange, header http.Header, cfHeader string) {
	for _, key := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host"} {
		if values, ok := x.req.Header[key]; ok {
			header[key] = values
		}
	}
	setOrDrop(header, "Cf-Connecting-Ip", x.remote)
	setOrDrop(header, "X-Real-Ip", x.remote)
	proto := "http"
	if x.req.TLS != nil {
		proto = "https"
	}
	header["X-Forwarded-Proto"] = []string{proto}
	if cfHeader != "" {
		header[cfHeader] = []string{cfBlob(x.req)}
	}
}

// setOrDrop sets a header whose name is canonical, or removes it if there is nothing true to say.
func setOrDrop(header http.Header, key, value string) {
	if value == "" {
		delete(header, key)
		return
	}
	header[key] = []string{value}
}

// cf is what request.cf holds. The field names are the API of Workers.
type cf struct {
	Colo         string `json:"colo"`
	HTTPProtocol string `json:"httpProtocol"`
	ClientTCPRTT int    `json:"clientTcpRtt"`
	TLSVersion   string `json:"tlsVersion,omitempty"`
	TLSCipher    string `json:"tlsCipher,omitempty"`
}

// plainBlobs are the blobs of requests without TLS.
var plainBlobs = map[string]string{
	"HTTP/1.0": cf{Colo: colo, HTTPProtocol: "HTTP/1.0"}.String(),
	"HTTP/1.1": cf{Colo: colo, HTTPProtocol: "HTTP/1.1"}.String(),
	"HTTP/2":   cf{Colo: colo, HTTPProtocol: "HTTP/2"}.String(),
}

// colo stands where Cloudflare names the data center.
const colo = "LOCAL"

func (c cf) String() string {
	text, err := json.Marshal(c)
	if err != nil {
		return "{}" // cannot happen: the struct has only strings and a number
	}
	return string(text)
}

// cfBlob returns the JSON of request.cf.
func cfBlob(r *http.Request) string {
	protocol := httpProtocol(r)
	if r.TLS == nil {
		return plainBlobs[protocol]
	}
	return cf{
		Colo: colo, HTTPProtocol: protocol,
		TLSVersion: strings.Replace(tls.VersionName(r.TLS.Version), "TLS ", "TLSv", 1),
		TLSCipher:  cipherName(r.TLS),
	}.String()
}

func httpProtocol(r *http.Request) string {
	switch {
	case r.ProtoMajor == 2:
		return "HTTP/2"
	case r.ProtoAtLeast(1, 1):
		return "HTTP/1.1"
	}
	return "HTTP/1.0"
}

// cipherWords turn the standard's names of cipher suites into those of OpenSSL, which Cloudflare shows.
var cipherWords = strings.NewReplacer("TLS_", "", "_WITH_", "-", "AES_", "AES", "_", "-")

func cipherName(state *tls.ConnectionState) string {
	name := cipherWords.Replace(tls.CipherSuiteName(state.CipherSuite))
	if state.Version == tls.VersionTLS13 {
		return "AEAD-" + name
	}
	return name
}
