package check

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"paddock/internal/diag"
)

// blob is a file of a revision.
type blob struct{ name, text string }

// atRevision returns the first of some files of a folder that a git revision
// has, or a blob without a name if it has none of them. One process of git
// answers for all.
func atRevision(ctx context.Context, dir, revision string, names []string) (blob, *diag.Diagnostic) {
	// Whatever follows :./ is taken for a path, and is relative to the folder.
	questions := revision + "^{commit}\n"
	for _, name := range names {
		if strings.ContainsAny(name, "\n") {
			return blob{}, nil // git could not be asked, and nobody has such a name
		}
		questions += revision + ":./" + name + "\n"
	}
	out, err := git(ctx, dir, questions, "cat-file", "--batch")
	if err != nil {
		d := diag.Errorf("git-failed", diag.Location{}, "compare with %s: %v", revision, err)
		return blob{}, &d
	}
	answers := bufio.NewReader(bytes.NewReader(out))
	if _, known, err := readObject(answers); err != nil || !known {
		d := unknownRevision(ctx, dir, revision)
		return blob{}, &d
	}
	for _, name := range names {
		text, known, err := readObject(answers)
		if err != nil {
			d := diag.Errorf("git-failed", diag.Location{}, "compare with %s: read what git answers: %v", revision, err)
			return blob{}, &d
		}
		if known {
			return blob{name, text}, nil
		}
	}
	return blob{}, nil
}

// maxBlob is more than any configuration, or what is said of a commit, has.
const maxBlob = 64 << 20

// readObject reads one answer of cat-file: a line with name, type and size,
// the content and a line end, or a line that ends with "missing". A folder of
// the name counts as missing.
func readObject(r *bufio.Reader) (text string, known bool, err error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", false, err
	}
	fields := strings.Fields(line)
	if len(fields) != 3 || len(fields[0]) < 40 {
		return "", false, nil // "… missing", "… ambiguous"
	}
	size, err := strconv.Atoi(fields[2])
	if err != nil || size < 0 || size > maxBlob {
		return "", false, fmt.Errorf("a size of at most %d bytes is expected in %q", maxBlob, line)
	}
	content := make([]byte, size+1)
	if _, err := io.ReadFull(r, content); err != nil {
		return "", false, err
	}
	return string(content[:size]), fields[1] != "tree", nil
}

func unknownRevision(ctx context.Context, dir, revision string) diag.Diagnostic {
	d := diag.Errorf("unknown-revision", diag.Location{}, "git knows no revision %q here", revision)
	shallow, err := git(ctx, dir, "", "rev-parse", "--is-shallow-repository")
	if err == nil && strings.TrimSpace(string(shallow)) == "true" {
		return d.WithHint("The clone is shallow: it has the newest commits only. In GitHub Actions, give actions/checkout fetch-depth: 0;\n" +
			"elsewhere run git fetch --unshallow.")
	}
	if remote, branch, ok := strings.Cut(revision, "/"); ok && !strings.ContainsAny(revision, ":~^@{") {
		return d.WithHint("Fetch it first: git fetch %s %s", remote, branch)
	}
	return d
}

// git runs git in a folder and returns what it prints.
func git(ctx context.Context, dir, input string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, "git", args...)
	c.Dir = dir
	c.Env = append(outsideHooks(os.Environ()), "LC_ALL=C")
	c.Stdin = strings.NewReader(input)
	var errOut bytes.Buffer
	c.Stderr = &errOut
	out, err := c.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("git is not installed")
	case err != nil && errOut.Len() > 0:
		line, _, _ := strings.Cut(errOut.String(), "\n")
		return nil, fmt.Errorf("git: %s", strings.TrimPrefix(line, "fatal: "))
	}
	return out, err
}

// outsideHooks leaves out what git sets for its hooks. It would make git take
// the folder in which it runs here for the root of the repository.
func outsideHooks(env []string) []string {
	return slices.DeleteFunc(env, func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		switch name {
		case "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR":
			return true
		}
		return false
	})
}
