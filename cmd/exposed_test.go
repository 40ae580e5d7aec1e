package cmd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestExposedCheck(t *testing.T) {
	for _, c := range []struct {
		flags exposed
		want  string // part of the error, "" for none
	}{
		{exposed{}, ""},
		{exposed{apiListen: []string{"127.0.0.1:1"}, listen: []string{"[::1]:1", "localhost:2"}}, ""},
		{exposed{apiListen: []string{"0.0.0.0:8443"}}, "--insecure"},
		{exposed{apiListen: []string{":8443"}}, "--insecure"},
		{exposed{listen: []string{"192.168.0.7:80"}}, "--insecure"},
		{exposed{listen: []string{"devbox:80"}}, "--insecure"},
		{exposed{listen: []string{"0.0.0.0:80"}, insecure: true}, ""},
		{exposed{listen: []string{"0.0.0.0:80"}, cert: "c", key: "k"}, ""},
		{exposed{cert: "c"}, "need each other"},
		{exposed{key: "k"}, "need each other"},
		{exposed{listen: []string{"0.0.0.0"}}, "no address with a port"},
	} {
		err := c.flags.check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.flags, err, c.want)
		}
	}
}

// What a runtime in the background is told is what its starter was told, with
// paths that do not depend on the folder.
func TestExposedArgs(t *testing.T) {
	t.Chdir(t.TempDir())
	e := exposed{listen: []string{"127.0.0.1:1"}, apiListen: []string{"127.0.0.1:2"}, cert: "c.pem", key: "k.pem", insecure: true, hosts: []string{"DevBox"}}
	if err := e.check(); err != nil {
		t.Fatal(err)
	}
	got := e.args()
	if !slices.Contains(got, "--listen=127.0.0.1:1") || !slices.Contains(got, "--api-listen=127.0.0.1:2") ||
		!slices.Contains(got, "--insecure") || !slices.Contains(got, "--api-host=devbox") {
		t.Errorf("args %q", got)
	}
	for _, arg := range got {
		if path, ok := strings.CutPrefix(arg, "--tls-cert="); ok && !filepath.IsAbs(path) {
			t.Errorf("args %q", got)
		}
	}
}

// A certificate that is replaced counts from the next connection on, and files
// that cannot be read for a moment end nothing.
func TestCertificateIsReplaced(t *testing.T) {
	dir := t.TempDir()
	e := exposed{listen: []string{"127.0.0.1:0"}, cert: filepath.Join(dir, "c.pem"), key: filepath.Join(dir, "k.pem")}
	if _, _, err := e.open(t.Context()); err == nil {
		t.Fatal("opened without a certificate")
	}
	roots := writeCertificate(t, e.cert, e.key, 1)
	scripts, apis, err := e.open(t.Context())
	if err != nil || len(scripts) != 1 || len(apis) != 0 {
		t.Fatal(scripts, apis, err)
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%t %s", r.TLS != nil, r.Proto) })
	for _, server := range e.serve(scripts, apis, hello, hello, nil) {
		defer server.Close(t.Context())
	}
	ask := func(roots *x509.CertPool) int64 {
		t.Helper()
		client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
		resp, err := client.Get("https://" + scripts[0].Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); string(body) != "true HTTP/1.1" {
			t.Errorf("body %q", body)
		}
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if got := ask(roots); got != 1 {
		t.Errorf("certificate %d", got)
	}
	roots2 := writeCertificate(t, e.cert, e.key, 2)
	later := time.Now().Add(time.Minute) // file systems may keep coarse times
	if err := os.Chtimes(e.cert, later, later); err != nil {
		t.Fatal(err)
	}
	if got := ask(roots2); got != 2 {
		t.Errorf("certificate %d after it was replaced", got)
	}
	if err := os.Remove(e.cert); err != nil {
		t.Fatal(err)
	}
	if got := ask(roots2); got != 2 {
		t.Errorf("certificate %d after its file was removed", got)
	}
}

func writeCertificate(t *testing.T, certFile, keyFile string, serial int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, made, made, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for file, content := range map[string][]byte{
		certFile: chain, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(chain)
	return roots
}
