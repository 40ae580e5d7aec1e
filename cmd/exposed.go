package cmd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"paddock/gateway"
)

// exposed are the flags by which a runtime listens beyond its two ports on
// loopback, which are always there.
type exposed struct {
	listen, apiListen []string // addresses with ports
	cert, key         string   // files
	insecure          bool
	hosts             []string // names that the control API answers to
}

func (e *exposed) addFlags(c *cobra.Command) {
	c.Flags().StringArrayVar(&e.listen, "listen", nil, "also serve the scripts on this address, such as 0.0.0.0:443")
	c.Flags().StringArrayVar(&e.apiListen, "api-listen", nil, "also serve the control API on this address, such as 0.0.0.0:8443")
	c.Flags().StringVar(&e.cert, "tls-cert", "", "file with the certificate chain for these addresses (PEM)")
	c.Flags().StringVar(&e.key, "tls-key", "", "file with the certificate's key (PEM)")
	c.Flags().BoolVar(&e.insecure, "insecure", false, "without TLS, also where others than this machine can reach it")
	c.Flags().StringArrayVar(&e.hosts, "api-host", nil, "also answer control API calls to this host name; one that a certificate is for needs no word")
}

// check looks for what cannot be meant, and for addresses that would send
// tokens over a network in the clear. It makes the paths of files absolute.
func (e *exposed) check() error {
	if (e.cert == "") != (e.key == "") {
		return errors.New("--tls-cert and --tls-key need each other")
	}
	for _, file := range []*string{&e.cert, &e.key} {
		if *file == "" {
			continue
		}
		abs, err := filepath.Abs(*file)
		if err != nil {
			return err
		}
		*file = abs
	}
	for _, addr := range append(append([]string{}, e.listen...), e.apiListen...) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return fmt.Errorf("%q is no address with a port, such as 0.0.0.0:8443", addr)
		}
		if e.cert == "" && !e.insecure && !isLoopback(host) {
			return fmt.Errorf("%s can be reached from other machines: give --tls-cert and --tls-key, or --insecure if something in front of it speaks TLS", addr)
		}
	}
	for i, host := range e.hosts {
		e.hosts[i] = strings.ToLower(host)
	}
	return nil
}

// isLoopback reports whether only this machine reaches a host. A name other
// than localhost may be anything.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// args returns the flags that have another process listen in the same places.
func (e *exposed) args() []string {
	var list []string
	add := func(flag string, values ...string) {
		for _, v := range values {
			if v != "" {
				list = append(list, flag+"="+v)
			}
		}
	}
	add("--listen", e.listen...)
	add("--api-listen", e.apiListen...)
	add("--tls-cert", e.cert)
	add("--tls-key", e.key)
	add("--api-host", e.hosts...)
	if e.insecure {
		list = append(list, "--insecure")
	}
	return list
}

// announce says where the runtime can be reached beside its two ports.
func (e *exposed) announce(w io.Writer) {
	scheme := "http://"
	if e.cert != "" {
		scheme = "https://"
	}
	for _, addr := range e.listen {
		fmt.Fprintf(w, "Ready on %s%s\n", scheme, addr)
	}
	for _, addr := range e.apiListen {
		fmt.Fprintf(w, "Control API on %s%s\n", scheme, addr)
	}
}

// open opens the addresses. Without an error the listeners are open, those of
// the scripts first.
func (e *exposed) open(ctx context.Context) (scripts, api []net.Listener, err error) {
	var secure *tls.Config
	if e.cert != "" {
		pair := &keyPair{cert: e.cert, key: e.key}
		if _, err := pair.get(nil); err != nil {
			return nil, nil, fmt.Errorf("read the certificate: %w", err)
		}
		secure = &tls.Config{GetCertificate: pair.get, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
	}
	defer func() {
		if err != nil {
			for _, l := range append(scripts, api...) {
				l.Close()
			}
		}
	}()
	listen := func(addr string) (net.Listener, error) {
		l, err := gateway.Listen(ctx, addr)
		if err == nil && secure != nil {
			l = tls.NewListener(l, secure)
		}
		return l, err
	}
	for _, addr := range e.listen {
		l, err := listen(addr)
		if err != nil {
			return scripts, api, err
		}
		scripts = append(scripts, l)
	}
	for _, addr := range e.apiListen {
		l, err := listen(addr)
		if err != nil {
			return scripts, api, err
		}
		api = append(api, l)
	}
	return scripts, api, nil
}

// serve serves both kinds of listeners.
func (e *exposed) serve(scripts, api []net.Listener, public, control http.Handler, errs *log.Logger) []*gateway.Server {
	var doors []*gateway.Server
	for _, l := range scripts {
		doors = append(doors, gateway.Serve(l, public, errs))
	}
	for _, l := range api {
		doors = append(doors, gateway.Serve(l, control, errs))
	}
	return doors
}

// keyPair is a certificate with its key, in files that may be replaced: those of
// a public authority are, every few weeks, and no runtime should have to end for
// that.
type keyPair struct {
	cert, key string

	mu     sync.Mutex
	pair   *tls.Certificate
	stamps [2]time.Time // of the files when they were read
}

// get returns the certificate of the files as they are now. What cannot be read
// then, as while it is being replaced, does not end what has been read before.
func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	stamps, err := modified(k.cert, k.key)
	if err == nil && k.pair != nil && stamps == k.stamps {
		return k.pair, nil
	}
	if err == nil {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(k.cert, k.key); err == nil {
			k.pair, k.stamps = &pair, stamps
		}
	}
	if k.pair == nil {
		return nil, err
	}
	return k.pair, nil
}

func modified(cert, key string) (stamps [2]time.Time, err error) {
	for i, file := range []string{cert, key} {
		var info fs.FileInfo
		if info, err = os.Stat(file); err != nil {
			return stamps, err
		}
		stamps[i] = info.ModTime()
	}
	return stamps, nil
}
