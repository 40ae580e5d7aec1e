package local

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// A keyring encrypts secrets with the key in a file. The file lies outside of
// the state folder, so that a copy of that gives no secret away. It is read
// anew each time: one that was put back is found without a restart.
type keyring struct{ path string }

// sealedForm is the version of the form of sealed secrets: it, the id of the
// key, and the base64 of nonce and ciphertext, with colons between them.
const sealedForm = "v1"

// keySize is that of AES-256, in bytes.
const keySize = 32

// A keyError says why a secret cannot be encrypted or decrypted.
type keyError struct{ text string }

func (e *keyError) Error() string { return e.text }

// seal encrypts the value of a secret for one script and one name: under
// others it cannot be opened. A key is made if there is none.
func (k keyring) seal(script, name, text string) (string, error) {
	key, err := k.key(true)
	if err != nil {
		return "", err
	}
	box, err := newBox(key)
	if err != nil {
		return "", err
	}
	sealed := box.Seal(nil, nil, []byte(text), sealContext(script, name))
	return sealedForm + ":" + keyID(key) + ":" + base64.RawStdEncoding.EncodeToString(sealed), nil
}

// open decrypts what seal has made. Its errors tell what to do, and nothing of
// the value.
func (k keyring) open(script, name, sealed string) (string, error) {
	fail := func(reason string) (string, error) {
		return "", &keyError{fmt.Sprintf("the secret %q of script %q cannot be decrypted: %s. Put back the key file that was there when "+
			"the secret was put; if it is lost, put all secrets of the script anew with one `paddock secret bulk`", name, script, reason)}
	}
	form, rest, _ := strings.Cut(sealed, ":")
	id, text, _ := strings.Cut(rest, ":")
	content, err := base64.RawStdEncoding.DecodeString(text)
	if form != sealedForm || err != nil {
		return fail("it was stored by another version of paddock, or is damaged")
	}
	key, err := k.key(false)
	if errors.Is(err, fs.ErrNotExist) {
		return fail("the key file " + k.path + " is missing")
	}
	if err != nil {
		return "", err
	}
	if keyID(key) != id {
		return fail("the key in " + k.path + " is another one than it was encrypted with")
	}
	box, err := newBox(key)
	if err != nil {
		return "", err
	}
	value, err := box.Open(nil, nil, content, sealContext(script, name))
	if err != nil {
		return fail("it is damaged")
	}
	return string(value), nil
}

// newBox returns AES-256-GCM with a random nonce in front of each ciphertext.
// 2^32 values may be sealed with one key; nobody has so many secrets.
func newBox(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func sealContext(script, name string) []byte { return []byte(script + "\x00" + name) }

// keyID tells keys apart without giving one away.
func keyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("paddock secrets key\x00"), key...))
	return hex.EncodeToString(sum[:4])
}

// key reads the key. If it is missing it is made, or the error wraps
// [fs.ErrNotExist].
func (k keyring) key(makeIt bool) ([]byte, error) {
	if k.path == "" {
		return nil, &keyError{"this runtime has no place for the key that secrets are encrypted with: set XDG_CONFIG_HOME, and start it again"}
	}
	text, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) && makeIt {
		return k.create()
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of secrets: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, &keyError{"the key file " + k.path + " is damaged: it must hold 64 hex digits"}
	}
	return key, nil
}

// keyPatience bounds the wait for another runtime that makes the key.
const keyPatience = 5 * time.Second

// create makes the key. All runtimes of a user share it, so only one of them
// may: what another has encrypted must not lose its key.
func (k keyring) create() ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return nil, fmt.Errorf("make the key of secrets: %w", err)
	}
	lock := flock.New(k.path+".lock", flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(context.Background(), keyPatience)
	defer cancel()
	if _, err := lock.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return nil, fmt.Errorf("make the key of secrets: wait for %s: %w", lock.Path(), err)
	}
	defer lock.Unlock()
	if key, err := k.key(false); !errors.Is(err, fs.ErrNotExist) {
		return key, err // another one was faster
	}
	key := make([]byte, keySize)
	rand.Read(key) // never fails
	if err := writeFileAtomic(k.path, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("make the key of secrets: %w", err)
	}
	return key, nil
}
