package local

import (
	"crypto/hmac"
	"crypto/sha256"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"paddock/internal/cfapi"
)

// assetSession is how long the token of a session is good, as on the platform.
const assetSession = time.Hour

// assetClaims are what the token of a session says. Clients read exp.
type assetClaims struct {
	jwt.RegisteredClaims        // the subject is the script
	Manifest             string `json:"manifest"` // SHA-256 of the blob with the manifest
	Complete             bool   `json:"complete"` // all files are there
}

// assetKey signs the tokens of sessions. It comes from the owner's token, which
// nobody else knows.
func (r *Runtime) assetKey() []byte {
	mac := hmac.New(sha256.New, []byte(r.token))
	mac.Write([]byte("sessions for uploads of static files"))
	return mac.Sum(nil)
}

func (r *Runtime) signAssets(script, manifest string, complete bool) (string, error) {
	now := time.Now()
	return jwt.NewWithClaims(jwt.SigningMethodHS256, assetClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Subject: script, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(assetSession)),
		},
		Manifest: manifest, Complete: complete,
	}).SignedString(r.assetKey())
}

// readAssets returns what a token says that this runtime has signed and that
// has not expired.
func (r *Runtime) readAssets(token string) (assetClaims, error) {
	var claims assetClaims
	_, err := jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return r.assetKey(), nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired())
	if err != nil {
		return assetClaims{}, refuse(cfapi.CodeAuthentication,
			"Authentication error: the token is not that of a session for uploads of static files, or it has expired: begin a new one")
	}
	return claims, nil
}
